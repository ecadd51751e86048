/* Finds the companions of an image at its source, level by level. Private to companions.c. */
#pragma once

#include "copy/companions/companions.h"

/*
 * Looks for companions of the manifest and all manifests in it, then for companions of those, and
 * so on. Strings and records live in arena, indexes that were read in image->arena. held: the
 * target holds the manifest, which is read there.
 */
bool walk_source(struct image *image, struct arena *arena, bool held, struct companions *out,
		 struct error *err);
/* Counts the companions of the digest itself, and goes no further. */
bool walk_count(struct image *image, const char *digest, size_t *count, struct error *err);
