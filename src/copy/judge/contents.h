/* The blobs of an image that a copy of it sends, by what its manifests say. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* Gets each blob once. False: it stops, with the error. */
typedef bool contents_take(void *ctx, const struct descriptor *blob, struct error *err);

/*
 * Reads the manifests of image->wanted at any depth, which the copy takes from image->known
 * afterwards, and calls take for the configurations and layers of all of them, and for children
 * that are no manifests by their type, such as layers of a build cache. Layers that are left out
 * (foreign) are not among them.
 */
bool contents_each(struct image *image, contents_take *take, void *ctx, struct error *err);
