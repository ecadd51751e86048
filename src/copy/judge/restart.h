/* Images whose source misses what it named itself. Private to copy/. */
#pragma once

#include "copy/image.h"

/*
 * Called after an image failed with err, times times before: looks at the source's tag once more,
 * and forgets what was read of the image. True: it is to be begun again, with image->renewed as its
 * digest.
 */
bool restart_helps(struct image *image, int times, const struct error *err);
