/*
 * GitHub's own API for packages, on a host of its own, as far as a removal needs it. For registry/
 * and discover/. Any thread.
 */
#pragma once

#include "registry/registry.h"

#define GHCR_API "api.github.com"

/*
 * Removes the version of a package that a digest names, with all its tags; see remove_manifest().
 * Tags alone it does not remove. The login is that of GHCR_API.
 */
bool ghcr_remove(const struct repository *repository, const char *reference,
		 enum store_removal *out, struct error *err);
