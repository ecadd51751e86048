/*
 * The referrers API (distribution-spec 1.1 "Listing Referrers").
 *
 * What a registry without the API keeps instead, an index under a tag, is fetched like any
 * manifest.
 */
#pragma once

#include "base/map.h"
#include "oci/referrers.h"
#include "registry/registry.h"

enum { REFERRALS_PAGES_MAX = 1000 };

/*
 * Asks for the referrers of digest, and adds them to the map (digest -> struct referrer).
 * *supported false: the registry has no such API, said by a 404, a 400, an HTML page or a
 * redirect to another origin. Everything else that is no list is an error, never an empty list.
 * Pages are followed by their Link header on the registry's origin.
 */
bool referrals_ask(const struct repository *repository, struct arena *arena, const char *digest,
		   struct map *into, bool *supported, struct error *err);
