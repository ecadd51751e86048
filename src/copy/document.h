/*
 * The manifests of the image under way that decide what becomes of it, each read once.
 *
 * They stay in image->known, where copying finds them, and live as long as the image. Only before
 * its copying begins, in the thread that runs it. Private to copy/.
 */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* Where a manifest is read that is not known yet; by its digest it is the same everywhere. */
enum document_side { DOCUMENT_SOURCE, DOCUMENT_TARGET };

/*
 * The manifest with that digest. depth: 1 for the image's own, one more for each index that it was
 * found in. ERROR_UNSUPPORTED: that is too deep; ERROR_CANCELED: the run is to stop.
 */
bool document_get(struct image *image, enum document_side side, const char *digest, int depth,
		  struct manifest *out, struct error *err);
/* Keeps a manifest that was read or made; what is in it lives in image->arena. False: no memory. */
bool document_keep(struct image *image, const char *digest, const struct manifest *manifest);
