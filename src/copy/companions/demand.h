/* Checks the demand for referrers (require-referrers), before any part of the image is written. */
#pragma once

#include "copy/companions/companions.h"

/*
 * True when some companion of each demanded type was found that belongs to the image itself or to
 * an image in its index; those that decide are read. ERROR_REFERRER: there is none, err says of
 * which types.
 */
bool demand_check(struct image *image, const struct companions *found, struct error *err);
