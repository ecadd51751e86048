/*
 * Finds out which blobs a copy of an image would need, for a plan: reads all manifests of the image
 * at the source, which later copies do as well, and asks the target for nothing.
 */
#pragma once

#include "copy/image.h"

/*
 * Adds the blobs of the image that the target is to hold to the run's survey: layers and
 * configurations, without those that are left out on purpose.
 */
bool weigh_image(struct image *image, struct error *err);
