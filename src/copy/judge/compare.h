/* What both sides of an image hold, asked at once. Private to copy/. */
#pragma once

#include "copy/image.h"

/*
 * Asks for the source's digest, which is pinned, and for what the target's tag holds; fills
 * image->pinned, wanted and target. ERROR_MISSING: the source has no such image. ERROR_REJECTED:
 * the destination is a digest, and the source another.
 */
bool compare_sides(struct image *image, struct error *err);
/*
 * Lets the task's platform filter, if there is one, decide what the target is to hold. It changes
 * image->wanted and nothing else: the rest goes on as if the source had that.
 */
bool compare_filter(struct image *image, struct error *err);
