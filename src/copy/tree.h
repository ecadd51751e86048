/* Copying a manifest with everything it refers to, children first. */
#pragma once

#include "copy/copier_private.h"

/*
 * Copies the manifest that digest names, in image->known or at the image's source, and its closure,
 * and pushes it under reference, a tag or the digest itself, after all else.
 */
bool tree_copy(struct image *image, const char *digest, const char *reference, struct error *err);
