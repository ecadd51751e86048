/* Refuses images that lack a platform: require-platforms. */
#pragma once

#include "copy/image.h"

/*
 * True when the task requires no platforms, or when the image for the target has all of them.
 * ERROR_PLATFORM names those it lacks and those it has. The platforms are those of an index's
 * entries, or of the entries' configurations if the index does not say; for a single image that of
 * its configuration. An artifact, which is no image, lacks nothing.
 */
bool require_platforms(struct image *image, struct error *err);
