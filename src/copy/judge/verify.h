/*
 * Verifies a target: reads back every manifest and every blob, each once in a run, and checks its
 * bytes against its digest.
 */
#pragma once

#include "copy/image.h"

/*
 * With --verify: reads the image back from the target, by its tag or else its digest, with all its
 * parts. ERROR_CORRUPT: a part is missing, or is not what it should be.
 */
bool verify_image(struct image *image, struct error *err);
/* Reads a companion back from the target, by tag, or by its digest if tag is NULL. */
bool verify_companion(struct image *image, const char *tag, const char *digest, struct error *err);
