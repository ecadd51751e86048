/*
 * An image of a plan: what the plan pins is compared with what is found. The policies for a
 * destination that has moved since are those of drift.h.
 */
#pragma once

#include "copy/image.h"

/*
 * Takes what the plan says of an image that is not to be copied, without any request: *settled, and
 * the outcome is complete. False for an image that the plan refuses.
 */
bool pinned_settle(struct image *image, bool *settled, struct error *err);
/* True when the target holds what the plan wants it to hold, so that no filter need be applied. */
bool pinned_recognize(struct image *image);
/* False, ERROR_REJECTED: the image that is to be pushed is not the one that the plan pins. */
bool pinned_check(const struct image *image, struct error *err);
/* True when the target's tag holds something else than when the plan was made. */
bool pinned_moved(const struct image *image);
