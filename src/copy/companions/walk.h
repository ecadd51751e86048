/* Finding the companions of an image at its source, level by level. One half of companions.c. */
#pragma once

#include "copy/companions/companions.h"

/*
 * Looks at the manifest and all those in it, then at what was found, and so on. Strings and records
 * live in arena, indexes that were read in image->arena. held: the target holds the manifest, and
 * is asked for it.
 */
bool walk_source(struct image *image, struct arena *arena, bool held, struct companions *out,
		 struct error *err);
/* Counts what belongs to the digest itself, and goes no further. */
bool walk_count(struct image *image, const char *digest, size_t *count, struct error *err);
