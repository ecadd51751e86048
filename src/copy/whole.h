/* The demand that nothing of an image is left out, checked before anything of it is written. */
#pragma once

#include "copy/copier_private.h"
#include "oci/manifest.h"

/*
 * Reads the manifest with that digest, of image->known or the image's source, and all those in it.
 * ERROR_REFUSED: one names a layer that may not be distributed.
 */
bool whole_check(struct image *image, const char *digest, struct error *err);
/* The error for such a layer. False. */
bool whole_refuse(const struct descriptor *layer, struct error *err);
