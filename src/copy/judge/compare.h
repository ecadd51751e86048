/* Finds out what both sides of an image hold, with two requests in parallel. Private to copy/. */
#pragma once

#include "copy/image.h"

/*
 * Asks for the source's digest, which is pinned, and for the digest that the target's tag holds;
 * fills image->pinned, wanted and target. ERROR_MISSING: the source has no such image.
 * ERROR_REJECTED: the destination is a digest, and the source has another one.
 */
bool compare_sides(struct image *image, struct error *err);
/*
 * Applies the task's platform filter, if there is one: sets image->wanted to the digest that the
 * target is to hold. All later steps work as if the source had that image.
 */
bool compare_filter(struct image *image, struct error *err);
