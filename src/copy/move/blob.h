/* Moving one blob from repository to repository. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/*
 * Sees to it that the image's target holds the blob, with as few requests and bytes as it takes.
 * thorough: the target said it misses the blob, so nothing that is known counts, it is sent.
 */
bool blob_copy(struct image *image, const struct descriptor *blob, bool thorough,
	       struct error *err);
