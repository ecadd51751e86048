/*
 * The repository where the referrers of an image are as well, as its rule says (referrers-from).
 *
 * image->outside is the image as it would be if that repository was its source: whatever reads or
 * copies a companion works with the one of the two through which it was found. Private to copy/.
 */
#pragma once

#include "copy/image.h"

/* Sets image->outside, if referrers are wanted from there. The image's stores are open. */
bool outside_open(struct image *image, struct error *err);
/* Tells it what has become known of the image: its digests, and what the target holds. */
void outside_update(struct image *image);
/* Adds its numbers of blobs and bytes to those of the image, and forgets its manifests. */
void outside_finish(struct image *image);
