/*
 * A signature that stays may need something as well, such as the list under a fallback tag. So
 * these are read, too, until no more of them turn out to belong to something that is needed.
 */
#include "cmd/prune_private.h"
#include "oci/companion.h"
#include "oci/referrers.h"

#include <string.h>

static bool need_tag(void *ctx, size_t index, struct error *err)
{
	struct pruning *pruning = ctx;
	const struct prune_tag *tag = &pruning->tags[index];
	char own[DIGEST_TEXT_SIZE];
	if (tag->verdict == PRUNE_GOES || tag->verdict == PRUNE_COMPANION)
		return true;
	return prune_closure_add(&pruning->needed, pruning->store, tag->name, own, err);
}

/* A rule may name a digest without a tag. */
static bool need_digests(struct pruning *pruning, struct error *err)
{
	const struct map *selected = &pruning->of->selected;
	char own[DIGEST_TEXT_SIZE];
	for (size_t i = 0; i < selected->count; i++) {
		const char *name = selected->entries[i].key;
		if (strchr(name, ':') &&
		    (!prune_closure_note(&pruning->needed, name, err) ||
		     !prune_closure_add(&pruning->needed, pruning->store, name, own, err)))
			return false;
	}
	return true;
}

/* The digest has tags of its own under this name. */
static bool add_base(struct pruning *pruning, const char *digest, struct error *err)
{
	char tag[COMPANION_TAG_SIZE];
	companion_fallback_tag(digest, tag);
	return map_put(&pruning->bases, str_of(tag), (void *)(uintptr_t)digest) ||
	       error_memory(err);
}

/* All images that go. */
static bool add_bases(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->count; i++) {
		const struct map *inside = &pruning->departures[i].inside.digests;
		for (size_t k = 0; k < inside->count; k++) {
			char *digest = arena_string(pruning->arena, inside->entries[k].key);
			if (!digest)
				return error_memory(err);
			if (!add_base(pruning, digest, err))
				return false;
		}
	}
	return true;
}

static bool add_attachment(struct pruning *pruning, const char *digest, const char *base,
			   struct error *err)
{
	if (pruning->attachment_count == pruning->attachment_room) {
		size_t room = pruning->attachment_room * 2 + 16;
		struct attachment *grown = arena_array(pruning->arena, room, sizeof(*grown));
		if (!grown)
			return error_memory(err);
		if (pruning->attachment_count)
			memcpy(grown, pruning->attachments,
			       pruning->attachment_count * sizeof(*grown));
		pruning->attachments = grown;
		pruning->attachment_room = room;
	}
	pruning->attachments[pruning->attachment_count++] =
		(struct attachment){.digest = digest, .base = base};
	return add_base(pruning, digest, err);
}

/* Adds the referrers of base, by the API and from the list under its fallback tag. */
static bool find_referrers(struct pruning *pruning, const char *base, bool *supported,
			   struct map *seen, struct error *err)
{
	scoped(map_finish) struct map found = {0};
	struct manifest_bytes list = {0};
	char tag[COMPANION_TAG_SIZE];
	companion_fallback_tag(base, tag);
	if (*supported &&
	    !store_referrers(pruning->store, pruning->arena, base, &found, supported, err))
		return false;
	if (prune_repository_find(pruning, tag) &&
	    !store_get(pruning->store, pruning->arena, tag, &list, err))
		return false;
	/* Some registries take such a tag for the digest. */
	if (list.digest && strcmp(list.digest, base) != 0 &&
	    !referrers_read(pruning->arena, list.bytes, &found, err))
		return false;
	for (size_t i = 0; i < found.count; i++) {
		const struct referrer *each = found.entries[i].value;
		if (map_get(seen, str_of(each->digest)))
			continue;
		if (!map_put(seen, str_of(each->digest), pruning))
			return error_memory(err);
		if (!add_attachment(pruning, each->digest, base, err))
			return false;
	}
	return true;
}

/* Finds referrers of what goes, and those of these, which become bases as well. */
static bool find_attachments(struct pruning *pruning, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	bool supported = true;
	for (size_t i = 0; i < pruning->bases.count; i++) {
		const char *digest = pruning->bases.entries[i].value;
		if (pruning->attachment_count > REFERRERS_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d referrers",
					 REFERRERS_MAX);
		if (!prune_closure_has(&pruning->needed, digest) &&
		    !find_referrers(pruning, digest, &supported, &seen, err))
			return false;
	}
	return true;
}

/* Finds what each signature's tag belongs to. */
static void attach(struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->attached_count; i++) {
		struct attached *each = &pruning->attached[i];
		struct str name = str_of(each->tag), base;
		str_cut(&name, '.', &base);
		each->base = map_get(&pruning->bases, base);
		each->stays = !each->base;
	}
}

/* The referrers of what is needed are, too. */
static bool need_attachments(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->attachment_count; i++) {
		const struct attachment *each = &pruning->attachments[i];
		if (prune_closure_has(&pruning->needed, each->base) &&
		    !prune_closure_note(&pruning->needed, each->digest, err))
			return false;
	}
	return true;
}

/*
 * Reads the signatures that stay, which may need something as well, until none is found that
 * belongs to something needed.
 */
static bool need_attached(struct pruning *pruning, struct error *err)
{
	char own[DIGEST_TEXT_SIZE];
	for (bool more = true; more;) {
		more = false;
		if (!need_attachments(pruning, err))
			return false;
		for (size_t i = 0; i < pruning->attached_count; i++) {
			struct attached *each = &pruning->attached[i];
			each->stays =
				each->stays || prune_closure_has(&pruning->needed, each->base);
			if (!each->stays || each->read)
				continue;
			each->read = more = true;
			if (!prune_closure_add(&pruning->needed, pruning->store, each->tag, own,
					       err))
				return false;
		}
	}
	return true;
}

bool prune_needs(struct pruning *pruning, struct error *err)
{
	if (!pool_try(pruning->run->session->pool, pruning->tag_count, need_tag, pruning, err) ||
	    !need_digests(pruning, err) || !add_bases(pruning, err) ||
	    !find_attachments(pruning, err))
		return false;
	attach(pruning);
	return need_attached(pruning, err);
}
