/* Copies one blob from repository to repository. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/*
 * Makes sure that the image's target holds the blob, with as few requests and bytes as possible.
 * thorough: the target reported the blob as missing, so it is sent whatever is known about it.
 */
bool blob_copy(struct image *image, const struct descriptor *blob, bool thorough,
	       struct error *err);
