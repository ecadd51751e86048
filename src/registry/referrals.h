/*
 * The referrers API (distribution-spec 1.1 "Listing Referrers").
 *
 * A registry without the API keeps an index under a tag instead, which is fetched like any
 * manifest.
 */
#pragma once

#include "base/map.h"
#include "oci/referrers.h"
#include "registry/registry.h"

enum { REFERRALS_PAGES_MAX = 1000 };

/*
 * Asks for the referrers of digest, and adds them to the map (digest -> struct referrer).
 * *supported false: the registry does not have the API, as a 404, a 400, an HTML page or a redirect
 * to another origin shows. Any other answer that is no list is an error, never an empty list. Pages
 * are followed by their Link header on the registry's origin.
 */
bool referrals_ask(const struct repository *repository, struct arena *arena, const char *digest,
		   struct map *into, bool *supported, struct error *err);
