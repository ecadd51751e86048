/* Copies a manifest with everything it refers to, children first. */
#pragma once

#include "copy/image.h"

/*
 * Copies the manifest with that digest, from image->known or the image's source, and all that it
 * refers to. The manifest is pushed last, under reference, a tag or the digest itself.
 */
bool tree_copy(struct image *image, const char *digest, const char *reference, struct error *err);
/*
 * The same for a companion of the image. *listed: the target itself lists the manifest as a
 * referrer of its subject; false without a subject.
 */
bool tree_copy_companion(struct image *image, const char *digest, const char *reference,
			 bool *listed, struct error *err);
/* Pushes a manifest that tree_copy() has copied by digest under a tag as well. */
bool tree_tag(struct image *image, const char *digest, const char *tag, struct error *err);
