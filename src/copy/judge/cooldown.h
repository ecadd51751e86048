/* Whether a new image may be copied yet: min-age, hold and release of its rule. */
#pragma once

#include "copy/image.h"

/*
 * Decides on an image whose digests are known. *wait: nothing is to be written, and the outcome
 * says why, and when it becomes ready. ERROR_CONFIG: its age cannot be known.
 */
bool cooldown_decide(struct image *image, bool *wait, struct error *err);
