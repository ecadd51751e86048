/*
 * An image together with its companions: in which order, and whether any are missing. How many were
 * copied, or in a dry run would be, goes to the outcome.
 */
#pragma once

#include "copy/image.h"

/*
 * Copies the image to its target: first by digest if it has companions, then these, then its tag,
 * if it gets one.
 */
bool accompany_copy(struct image *image, struct error *err);
/* Brings the companions of an image that the target holds already. */
bool accompany_late(struct image *image, struct error *err);
/* Counts what companions a real run would copy with the image. */
bool accompany_count(struct image *image, struct error *err);
