/*
 * How much an image needs to have sent, for the display. That is known once all of its manifests
 * have been read; the blobs of each count from then on. Private to copy/.
 */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* A manifest that is to be read. */
struct sizing {
	struct image *image;
	struct sizing *parent; /* of the index that lists it; NULL: it is the image's own */
	atomic_size_t open;    /* manifests below it that are to be read */
	atomic_bool closed;
};

/* The manifest has been read: counts its blobs, and awaits the manifests that it lists. */
void sizing_read(struct sizing *sizing, const struct manifest *manifest);
/* Its blobs are not going to be sent for now: those that nobody has begun with count no more. */
void sizing_drop(const struct sizing *sizing, const struct manifest *manifest);
/* Nothing is to be read any more, here and below. It may be known already. */
void sizing_close(struct sizing *sizing);
