/* Refusing images that lack a platform: require-platforms. */
#pragma once

#include "copy/copier_private.h"

/*
 * True when what digest names, in image->known or at the source, has an image for each of the
 * platforms of required. ERROR_PLATFORM names those that are not there and those that are. An
 * index says what its entries are for, or they are asked themselves; an image that stands alone is
 * judged by its configuration; what is no image, an artifact, lacks nothing. Manifests that are
 * read stay in image->known, so copying does not ask for them again; they live in arena.
 */
bool require_platforms(struct image *image, struct arena *arena,
		       const struct platform_filter *required, const char *digest,
		       struct error *err);
