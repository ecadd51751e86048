/*
 * The manifests of an image that are needed to decide what to copy, each read once.
 *
 * They stay in image->known, where the copy finds them, and live as long as the image. To be used
 * only by the thread that runs the image, before anything is copied. Private to copy/.
 */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* The side to read a manifest from if it is not known yet; both have the same bytes. */
enum document_side { DOCUMENT_SOURCE, DOCUMENT_TARGET };

/*
 * Gets the manifest with that digest. depth: 1 for the image's own, one more for each index around
 * it. ERROR_UNSUPPORTED: it is nested too deeply; ERROR_CANCELED: the run is to stop.
 */
bool document_get(struct image *image, enum document_side side, const char *digest, int depth,
		  struct manifest *out, struct error *err);
/* Keeps a manifest that was read or made; its contents live in image->arena. False: no memory. */
bool document_keep(struct image *image, const char *digest, const struct manifest *manifest);
