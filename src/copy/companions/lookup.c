/*
 * At a source the list of tags, read once, shows which fallback tags and cosign tags are worth a
 * request. At a target the list is not read: it is only asked for companions that the source has.
 */
#include "copy/companions/lookup.h"

#include "copy/judge/drift.h"
#include "oci/companion.h"
#include "store/store.h"

#include <string.h>

/* *may: the tag may exist, as far as the list of tags shows. */
static bool may_exist(const struct lookup *lookup, const char *tag, bool *may, struct error *err)
{
	bool known = false;
	*may = true;
	if (lookup->store->target)
		return true;
	struct site *site = sites_of(lookup->sites, lookup->store);
	if (!site)
		return error_memory(err);
	if (!sites_read_tags(site, lookup->store, &known, err))
		return false;
	*may = !known || sites_has_tag(site, tag);
	return true;
}

bool lookup_tag(const struct lookup *lookup, const char *tag, const char **digest,
		struct error *err)
{
	struct manifest_status status;
	bool may = false;
	*digest = NULL;
	if (!may_exist(lookup, tag, &may, err))
		return false;
	if (!may)
		return true;
	if (!store_head(lookup->store, lookup->arena, tag, &status, err))
		return false;
	*digest = status.found ? status.digest : NULL;
	return true;
}

bool lookup_fallback(const struct store *store, struct arena *arena, const char *digest,
		     struct str *index, struct error *err)
{
	char tag[COMPANION_TAG_SIZE];
	struct manifest_bytes bytes = {0};
	*index = (struct str){0};
	companion_fallback_tag(digest, tag);
	/* A denied list must not count as an empty one, or it would be replaced. */
	if (!store_get(store, arena, tag, &bytes, err))
		return err->kind == ERROR_MISSING &&
		       (!bytes.denied || drift_absent(store, tag, err));
	if (strcmp(bytes.digest, digest) != 0)
		*index = bytes.bytes;
	return true;
}

static bool read_fallback(const struct lookup *lookup, const char *digest, struct map *into,
			  struct error *err)
{
	const struct store *store = lookup->store;
	char tag[COMPANION_TAG_SIZE];
	scoped(arena_free) struct arena *scratch = arena_new();
	struct str index;
	bool may = false;
	if (!scratch)
		return error_memory(err);
	companion_fallback_tag(digest, tag);
	if (!may_exist(lookup, tag, &may, err))
		return false;
	if (!may)
		return true;
	if (!lookup_fallback(store, scratch, digest, &index, err))
		return false;
	return !index.len || referrers_read(lookup->arena, index, into, err) ||
	       error_wrap(err, "the tag %s of %s/%s", tag, store->party_name, store->path);
}

/* Asks the referrers API. *supported: the registry has it. */
static bool ask(const struct lookup *lookup, const char *digest, struct map *into, bool *supported,
		struct error *err)
{
	struct site *site = sites_of(lookup->sites, lookup->store);
	bool first = false;
	if (!site)
		return error_memory(err);
	*supported = sites_ask_api(site, &first);
	if (!*supported)
		return true;
	bool ok = store_referrers(lookup->store, lookup->arena, digest, into, supported, err);
	if (first || (ok && !*supported))
		sites_tell_api(site, ok, *supported);
	return ok;
}

bool lookup_referrers(const struct lookup *lookup, const char *digest, struct map *into,
		      struct error *err)
{
	bool supported = false;
	if (!ask(lookup, digest, into, &supported, err))
		return false;
	return supported || read_fallback(lookup, digest, into, err);
}
