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
static bool may_exist(struct site *site, const struct store *store, const char *tag, bool *may,
		      struct error *err)
{
	bool known = false;
	*may = true;
	if (store->target)
		return true;
	if (!sites_read_tags(site, store, &known, err))
		return false;
	*may = !known || sites_has_tag(site, tag);
	return true;
}

bool lookup_tag(struct sites *sites, const struct store *store, struct arena *arena,
		const char *tag, const char **digest, struct error *err)
{
	struct manifest_status status;
	struct site *site = sites_of(sites, store);
	bool may = false;
	*digest = NULL;
	if (!site)
		return error_memory(err);
	if (!may_exist(site, store, tag, &may, err))
		return false;
	if (!may)
		return true;
	if (!store_head(store, arena, tag, &status, err))
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

static bool read_fallback(struct site *site, const struct store *store, struct arena *arena,
			  const char *digest, struct map *into, struct error *err)
{
	char tag[COMPANION_TAG_SIZE];
	scoped(arena_free) struct arena *scratch = arena_new();
	struct str index;
	bool may = false;
	if (!scratch)
		return error_memory(err);
	companion_fallback_tag(digest, tag);
	if (!may_exist(site, store, tag, &may, err))
		return false;
	if (!may)
		return true;
	if (!lookup_fallback(store, scratch, digest, &index, err))
		return false;
	return !index.len || referrers_read(arena, index, into, err) ||
	       error_wrap(err, "the tag %s of %s/%s", tag, store->party_name, store->path);
}

/* Asks the referrers API. *supported: the registry has it. */
static bool ask(struct site *site, const struct store *store, struct arena *arena,
		const char *digest, struct map *into, bool *supported, struct error *err)
{
	bool first = false;
	*supported = sites_ask_api(site, &first);
	if (!*supported)
		return true;
	bool ok = store_referrers(store, arena, digest, into, supported, err);
	if (first || (ok && !*supported))
		sites_tell_api(site, ok, *supported);
	return ok;
}

bool lookup_referrers(struct sites *sites, const struct store *store, struct arena *arena,
		      const char *digest, struct map *into, struct error *err)
{
	struct site *site = sites_of(sites, store);
	bool supported = false;
	if (!site)
		return error_memory(err);
	if (!ask(site, store, arena, digest, into, &supported, err))
		return false;
	return supported || read_fallback(site, store, arena, digest, into, err);
}
