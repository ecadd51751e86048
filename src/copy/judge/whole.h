/* Checks that nothing of an image is left out, before any of it is written (foreign: fail). */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/*
 * If the task demands it: reads the manifest for the target, and all manifests in it.
 * ERROR_REFUSED: one of them lists a layer that may not be distributed.
 */
bool whole_check(struct image *image, struct error *err);
/* Sets the error for such a layer. Always false. */
bool whole_refuse(const struct descriptor *layer, struct error *err);
