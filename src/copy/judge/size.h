/* The demand of max-bytes: an image has at most so many bytes. Private to copy/. */
#pragma once

#include "copy/image.h"

/*
 * Counts the configurations and layers of all that the platform filter leaves of the image, each
 * once, but no layer that is left out, and no referrer. ERROR_REFUSED: they are more than the rule
 * allows. Costs no request beyond those of a copy.
 */
bool size_check(struct image *image, struct error *err);
