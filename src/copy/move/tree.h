/* Copying a manifest with everything it refers to, children first. */
#pragma once

#include "copy/image.h"

/*
 * Copies the manifest that digest names, in image->known or at the image's source, and its closure,
 * and pushes it under reference, a tag or the digest itself, after all else.
 */
bool tree_copy(struct image *image, const char *digest, const char *reference, struct error *err);
/*
 * The same for what goes along with the image, whose reference is not the image's tag. *listed: the
 * target keeps the list of the referrers of the manifest's subject itself; false when there is
 * none.
 */
bool tree_copy_companion(struct image *image, const char *digest, const char *reference,
			 bool *listed, struct error *err);
/* Pushes what tree_copy() has copied by its digest under a tag as well. */
bool tree_tag(struct image *image, const char *digest, const char *tag, struct error *err);
