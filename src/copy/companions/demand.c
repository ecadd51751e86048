/*
 * What a list says of a referrer proves nothing: the manifest itself must name the subject and have
 * the type. It is read once, since the copy needs it anyway. Referrers of referrers do not count: a
 * signed attestation is not a signed image.
 */
#include "copy/companions/demand.h"

#include "oci/referrers.h"
#include "store/store.h"

/* True when the companion may be one of those that part demands, as far as its list says. */
static bool may_be(const struct companion *companion, const struct companion_filter *part)
{
	if (!companion->direct || companion->foreign)
		return false;
	if (companion->tag)
		return companion_tag_wanted(part, companion->suffix);
	return !*companion->type || companion_wanted(part, str_of(companion->type));
}

/* *met: one of them is what part demands. */
static bool look_for(const struct companion_filter *part, const struct companions *found, bool *met,
		     struct error *err)
{
	*met = false;
	for (size_t i = 0; i < found->count && !*met; i++) {
		struct companion *companion = &found->items[i];
		if (!may_be(companion, part))
			continue;
		if (!companion->tag && !companions_read(companion, err))
			return false;
		*met = companion->tag ||
		       (!companion->foreign &&
			companion_wanted(part, referrers_type(&companion->manifest)));
	}
	return true;
}

static bool refuse(const struct image *image, const struct buf *missing, struct error *err)
{
	const struct store *own = image->from;
	if (!buf_ok(missing))
		return error_memory(err);
	if (!image->outside)
		return error_set(err, ERROR_REFERRER,
				 "%s/%s has no referrers of type %s for the image, which "
				 "require-referrers asks for; if they are in another repository, "
				 "name it with referrers-from",
				 own->party_name, own->path, buf_string(missing));
	return error_set(err, ERROR_REFERRER,
			 "neither %s/%s nor %s/%s has referrers of type %s for the image, which "
			 "require-referrers asks for",
			 own->party_name, own->path, image->outside->from->party_name,
			 image->outside->from->path, buf_string(missing));
}

bool demand_check(struct image *image, const struct companions *found, struct error *err)
{
	const struct companion_filter *demanded = rule_terms(image->task->rule)->demanded;
	scoped(buf_finish) struct buf missing = {0};
	struct companion_filter part;
	struct str word;
	for (size_t i = 0; demanded && companion_filter_part(demanded, i, &part, &word); i++) {
		bool met = false;
		if (!look_for(&part, found, &met, err))
			return false;
		if (!met)
			buf_printf(&missing, "%s%.*s", missing.len ? ", " : "", STR_ARGS(word));
	}
	return !missing.len ? buf_ok(&missing) || error_memory(err) : refuse(image, &missing, err);
}
