/*
 * Reading back what a target holds: every manifest and every blob, each once in a run, its bytes
 * against its digest.
 */
#pragma once

#include "copy/image.h"

/*
 * With the option to verify: reads what the target holds under the image's tag, or its digest, and
 * all of its parts. ERROR_CORRUPT: something is missing, or is not what it should be.
 */
bool verify_image(struct image *image, struct error *err);
/* Reads a companion that the target is to hold under tag, or if that is NULL by its digest. */
bool verify_companion(struct image *image, const char *tag, const char *digest, struct error *err);
