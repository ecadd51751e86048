/*
 * What an earlier run found out about an image with a platform filter (state/hints.h), which saves
 * reading its index at the destination, or at the source if no platform passes. Private to copy/.
 */
#pragma once

#include "copy/image.h"

/*
 * True when a hint confirms what compare_sides() found: the target's tag holds what the filter
 * leaves of the pinned image, or does not exist and nothing is left. Sets image->wanted then.
 */
bool hinted_settle(struct image *image);
/* After an image went well: keeps what its filter left, if its own tag holds that now. */
void hinted_record(const struct image *image);
