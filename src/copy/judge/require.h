/* Refusing images that lack a platform: require-platforms. */
#pragma once

#include "copy/image.h"

/*
 * True when the task requires no platforms, or what the target is to hold has an image for each of
 * them. ERROR_PLATFORM names those that are not there and those that are. An
 * index says what its entries are for, or they are asked themselves; an image that stands alone is
 * judged by its configuration; what is no image, an artifact, lacks nothing.
 */
bool require_platforms(struct image *image, struct error *err);
