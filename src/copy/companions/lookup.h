/* Which referrers a digest has at one side, whichever way the registry keeps their list. */
#pragma once

#include "copy/companions/sites.h"
#include "oci/referrers.h"

/*
 * Adds the referrers of digest to the map (digest -> struct referrer, in arena): from the referrers
 * API, and where the registry has none, from the index under the fallback tag. What cannot be found
 * out is an error, never an empty list. ERROR_CORRUPT: something else stands under the tag.
 */
bool lookup_referrers(struct sites *sites, const struct store *store, struct arena *arena,
		      const char *digest, struct map *into, struct error *err);
/*
 * Finds what a tag made of a digest names; NULL: nothing, as the list of tags says
 * where there is one. Strings live in arena.
 */
bool lookup_tag(struct sites *sites, const struct store *store, struct arena *arena,
		const char *tag, const char **digest, struct error *err);
/*
 * Reads the index under the fallback tag of digest. The empty slice: there is none. GitLab resolves
 * such a tag to the image itself, which counts as none.
 */
bool lookup_fallback(const struct store *store, struct arena *arena, const char *digest,
		     struct str *index, struct error *err);
