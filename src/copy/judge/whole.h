/* The demand that nothing of an image is left out, checked before anything of it is written. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/*
 * Where the task demands that: reads the manifest that the target is to hold, and all those in it.
 * ERROR_REFUSED: one names a layer that may not be distributed.
 */
bool whole_check(struct image *image, struct error *err);
/* The error for such a layer. False. */
bool whole_refuse(const struct descriptor *layer, struct error *err);
