/* Finds the referrers of a digest at one side, whichever way the registry keeps their list. */
#pragma once

#include "copy/companions/sites.h"
#include "oci/referrers.h"

/* Where to look. */
struct lookup {
	struct sites *sites;
	const struct store *store;
	struct arena *arena; /* of all that is found */
};

/*
 * Adds the referrers of digest to the map (digest -> struct referrer): from the referrers API, or
 * if the registry has none, from the index under the fallback tag. A list that cannot be read is an
 * error, never an empty list. ERROR_CORRUPT: the tag holds something else.
 */
bool lookup_referrers(const struct lookup *lookup, const char *digest, struct map *into,
		      struct error *err);
/*
 * Looks up a tag whose name is made of a digest. *digest NULL: it does not exist, which the list of
 * tags may show without a request.
 */
bool lookup_tag(const struct lookup *lookup, const char *tag, const char **digest,
		struct error *err);
/*
 * Reads the index under the fallback tag of digest; an empty slice: there is none. GitLab resolves
 * such a tag to the image itself, which counts as none.
 */
bool lookup_fallback(const struct store *store, struct arena *arena, const char *digest,
		     struct str *index, struct error *err);
