/*
 * Copies an image together with its companions, in the right order, or only the companions that are
 * missing. Their number, or in a dry run the number of those missing, goes to the outcome.
 */
#pragma once

#include "copy/image.h"

/*
 * Copies the image to its target. If it has companions, it is pushed by digest, then the companions
 * are copied, and its tag, if it has one, is written last.
 */
bool accompany_copy(struct image *image, struct error *err);
/* Copies the missing companions of an image that the target already holds. */
bool accompany_late(struct image *image, struct error *err);
/* Counts the companions that a real run would copy with the image. */
bool accompany_count(struct image *image, struct error *err);
