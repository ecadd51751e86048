/*
 * Reading back what a target holds: every manifest and every blob, each once in a run, its bytes
 * against its digest.
 */
#pragma once

#include "copy/companions.h"

/*
 * With the option to verify: reads what the target holds under the image's tag, or its digest, and
 * all of its parts. ERROR_CORRUPT: something is missing, or is not what it should be.
 */
bool verify_image(struct image *image, struct error *err);
/* The same for the companions that the target is to hold. */
bool verify_companions(struct image *image, const struct companions *companions, struct error *err);
