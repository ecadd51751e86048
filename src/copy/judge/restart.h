/* Restarts images whose source lacks something that it named itself. Private to copy/. */
#pragma once

#include "copy/image.h"

/*
 * Called after an image failed with err and was restarted times times: looks up the source's tag
 * again, and forgets the manifests that were read. True: the image is to be restarted, with
 * image->renewed as its digest.
 */
bool restart_helps(struct image *image, int times, const struct error *err);
