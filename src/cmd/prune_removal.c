/*
 * Whether a registry removes tags by their names shows in its answer to the first. Each tag is
 * looked up again right before it is removed, since reading all others may have taken minutes.
 */
#include "base/cancel.h"
#include "base/log.h"
#include "cmd/prune_private.h"

#include <string.h>

static bool refuse_removal(const struct pruning *pruning, struct error *err)
{
	const char *host = pruning->of->name.host;
	if (str_ends(str_of(host), "amazonaws.com"))
		return error_set(err, ERROR_UNSUPPORTED,
				 "nothing is removed: Amazon ECR removes images only by its API, "
				 "which takes AWS keys in the environment. Remove prune from the "
				 "rules for %s",
				 host);
	return error_set(err, ERROR_UNSUPPORTED,
			 "nothing is removed: %s does not do that by the registry API. "
			 "Distribution (registry:2, registry:3) does if it is started with "
			 "REGISTRY_STORAGE_DELETE_ENABLED=true",
			 host);
}

/* Removes one manifest by its digest, unless something that stays needs it. */
static bool remove_digest(struct pruning *pruning, const char *digest, enum store_removal *out,
			  struct error *err)
{
	if (!store_remove(pruning->store, digest, out, err))
		return false;
	return *out != STORE_NOT_SO || refuse_removal(pruning, err);
}

/* The tag must still hold what was judged. *tag gone: somebody else has removed it. */
static bool look_again(const struct pruning *pruning, const char *tag, const char *digest,
		       bool *same, bool *gone, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_status status;
	if (!arena)
		return error_memory(err);
	if (!store_head(pruning->store, arena, tag, &status, err))
		return false;
	if (status.denied)
		return error_set(err, ERROR_DENIED, "the tag %s may not be read any more", tag);
	if (!status.found)
		return prune_closure_absent(pruning->store, tag, gone, err);
	*gone = false;
	*same = status.found && strcmp(status.digest, digest) == 0;
	return true;
}

/* Keeps a tag after all, and with it all that belongs to it. */
static bool stay(struct pruning *pruning, struct departure *tag, const char *reason,
		 const char *text, struct error *err)
{
	prune_repository_tell(pruning, tag, PRUNED_LEFT, reason, text);
	return prune_closure_join(&pruning->needed, &tag->inside, err);
}

static const char shared_text[] =
	"the registry removes no tags by their names, and other tags have the same image";
static const char kept_text[] = "the registry says that another image needs it";

/* A registry that says 404 has not removed anything itself. */
static bool check_gone(const struct pruning *pruning, const struct departure *tag,
		       struct error *err)
{
	bool absent = false;
	return prune_closure_absent(pruning->store, tag->tag, &absent, err) &&
	       (absent || error_set(err, ERROR_CORRUPT,
				    "the registry says that there is none, but serves it"));
}

/* Removes a tag; what is left for a reason of its own is no failure. */
static bool remove_tag(struct pruning *pruning, struct departure *tag, struct error *err)
{
	enum store_removal result = STORE_NOT_SO;
	bool same = false, gone = false;
	if (!look_again(pruning, tag->tag, tag->digest, &same, &gone, err))
		return false;
	if (!same && !gone)
		return stay(pruning, tag, "changed", "it was moved to another image just now", err);
	if (!gone && !pruning->by_digest && !store_remove(pruning->store, tag->tag, &result, err))
		return false;
	if (!gone && result == STORE_NOT_SO) {
		pruning->by_digest = true;
		if (prune_closure_has(&pruning->needed, tag->digest))
			return stay(pruning, tag, "shared", shared_text, err);
		if (!remove_digest(pruning, tag->digest, &result, err))
			return false;
	}
	if (result == STORE_GONE && !check_gone(pruning, tag, err))
		return false;
	if (result == STORE_IMMUTABLE)
		return stay(pruning, tag, "immutable", "the registry says that it is immutable",
			    err);
	if (result == STORE_KEPT)
		return stay(pruning, tag, "shared", kept_text, err);
	tag->gone = true;
	prune_repository_tell(pruning, tag, PRUNED_REMOVED, NULL, NULL);
	return true;
}

/* True for an image that is inside of another one which goes as well, but has not gone yet. */
static bool is_inside(struct pruning *pruning, const struct departure *tag)
{
	for (size_t i = 0; i < pruning->count; i++) {
		struct departure *other = &pruning->departures[i];
		if (!other->gone && strcmp(other->digest, tag->digest) != 0 &&
		    prune_closure_has(&other->inside, tag->digest))
			return true;
	}
	return false;
}

/* Those are left whose index has not gone. */
static bool leave_inside(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->count; i++) {
		struct departure *tag = &pruning->departures[i];
		if (!tag->done && !tag->absent &&
		    !stay(pruning, tag, "shared", "an index that stays has this image", err))
			return false;
	}
	return true;
}

/*
 * Removes the tags. Indexes go before the images inside of them, which they need as long as they
 * are there: an index may turn out to be immutable.
 */
static bool remove_tags(struct pruning *pruning, struct error *err)
{
	for (size_t left = pruning->count, before = left + 1; left && left < before;) {
		before = left;
		left = 0;
		for (size_t i = 0; i < pruning->count; i++) {
			struct departure *tag = &pruning->departures[i];
			if (cancel_requested())
				return error_canceled(err);
			if (tag->done)
				continue;
			if (is_inside(pruning, tag)) {
				left++;
				continue;
			}
			tag->done = true;
			if (!tag->absent && !remove_tag(pruning, tag, err))
				return error_wrap(err, "the tag %s", tag->tag);
		}
	}
	return leave_inside(pruning, err);
}

/* True for an image that was removed. */
static bool is_gone(struct pruning *pruning, const char *base)
{
	for (size_t i = 0; i < pruning->count; i++)
		if (pruning->departures[i].gone &&
		    prune_closure_has(&pruning->departures[i].inside, base))
			return true;
	return false;
}

/*
 * Which referrers go: those of an image that was removed and that nothing needs, and theirs. *going
 * maps their digests.
 */
static bool choose_referrers(struct pruning *pruning, struct map *going, struct error *err)
{
	for (size_t i = 0; i < pruning->attachment_count; i++) {
		struct attachment *each = &pruning->attachments[i];
		each->goes = !prune_closure_has(&pruning->needed, each->digest) &&
			     !prune_closure_has(&pruning->needed, each->base) &&
			     (map_get(going, str_of(each->base)) || is_gone(pruning, each->base));
		if (each->goes && !map_put(going, str_of(each->digest), each))
			return error_memory(err);
	}
	return true;
}

static bool remove_attached(struct pruning *pruning, const struct attached *each, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	enum store_removal result = STORE_NOT_SO;
	struct manifest_status status;
	if (!arena)
		return error_memory(err);
	if (!pruning->by_digest && !store_remove(pruning->store, each->tag, &result, err))
		return false;
	if (result != STORE_NOT_SO)
		return true;
	pruning->by_digest = true;
	if (!store_head(pruning->store, arena, each->tag, &status, err))
		return false;
	if (!status.found || prune_closure_has(&pruning->needed, status.digest))
		return true;
	return remove_digest(pruning, status.digest, &result, err);
}

/* Removes the tags that belong to base. */
static bool remove_tags_of(struct pruning *pruning, const char *base, struct error *err)
{
	for (size_t i = 0; i < pruning->attached_count; i++) {
		const struct attached *each = &pruning->attached[i];
		if (each->stays || strcmp(each->base, base) != 0)
			continue;
		if (cancel_requested())
			return error_canceled(err);
		if (!remove_attached(pruning, each, err))
			return error_wrap(err, "the tag %s", each->tag);
	}
	return true;
}

/*
 * Those of referrers go before these, and lists after what is in them: a run that goes on after a
 * kill finds each by what it refers to.
 */
static bool remove_referrers(struct pruning *pruning, struct error *err)
{
	for (size_t i = pruning->attachment_count; i; i--) {
		struct attachment *each = &pruning->attachments[i - 1];
		if (!each->goes)
			continue;
		if (cancel_requested())
			return error_canceled(err);
		if (!remove_tags_of(pruning, each->digest, err))
			return false;
		if (!remove_digest(pruning, each->digest, &each->result, err))
			return error_wrap(err, "the referrer %s", each->digest);
	}
	return true;
}

/* Google keeps a referrer as long as another manifest has it. Tries once more; *kept stay. */
static bool try_again(struct pruning *pruning, size_t *kept, struct error *err)
{
	*kept = 0;
	for (size_t i = pruning->attachment_count; i; i--) {
		struct attachment *each = &pruning->attachments[i - 1];
		if (!each->goes || each->result != STORE_KEPT)
			continue;
		if (cancel_requested())
			return error_canceled(err);
		if (!remove_digest(pruning, each->digest, &each->result, err))
			return error_wrap(err, "the referrer %s", each->digest);
		*kept += each->result == STORE_KEPT;
	}
	return true;
}

/* The tags of images that were removed. */
static bool remove_tags_of_images(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->bases.count; i++) {
		const char *base = pruning->bases.entries[i].value;
		if (!prune_closure_has(&pruning->needed, base) && is_gone(pruning, base) &&
		    !remove_tags_of(pruning, base, err))
			return false;
	}
	return true;
}

static bool remove_attachments(struct pruning *pruning, struct error *err)
{
	scoped(map_finish) struct map going = {0};
	size_t kept = pruning->attachment_count + 1, before;
	if (!choose_referrers(pruning, &going, err) || !remove_referrers(pruning, err) ||
	    !remove_tags_of_images(pruning, err))
		return false;
	do {
		before = kept;
		if (!try_again(pruning, &kept, err))
			return false;
	} while (kept && kept < before);
	if (kept)
		log_warn("%s/%s: the registry keeps %zu referrer%s of images whose tags are gone",
			 pruning->of->name.host, pruning->of->name.repository, kept,
			 kept == 1 ? "" : "s");
	return true;
}

bool prune_removal_run(struct pruning *pruning, struct error *err)
{
	return remove_tags(pruning, err) && remove_attachments(pruning, err);
}
