/* What the state is told of an image (state/state.h); without a state, nothing. */
#pragma once

#include "copy/image.h"

/*
 * The source holds image->pinned now. Sets image->seen to when that was first so, or 0 if there is
 * no state, or no room in it.
 */
void remember_source(struct image *image);
/* The manifest was written to the destination's tag. */
void remember_written(const struct image *image, const char *tag, const char *digest);
/* The destination's tag was found in sync. */
void remember_met(const struct image *image);
