/*
 * Applies the platform filter of a task to its image, and checks whether the target already holds
 * the result.
 *
 * An index loses the entries that do not pass, and becomes another document with another digest; an
 * image passes or does not. Manifests that were read or made are kept in image->known, where
 * tree_copy() finds them.
 */
#pragma once

#include "copy/image.h"

struct narrowed {
	const char *digest; /* the digest for the target; the source's own if everything passes */
	bool nothing;       /* nothing passes, and digest is NULL */
	size_t kept, total; /* numbers of images */
};

/*
 * Filters the image with the pinned digest. Reads as much of the source as necessary: an index and
 * the indexes in it, or an image's configuration.
 */
bool narrow(struct image *image, struct narrowed *out, struct error *err);
/*
 * Reads the manifest that the target's tag holds. *same: it is what the filter leaves of the
 * source's image, which need not be read. *same false means only that narrow() must decide.
 */
bool narrow_recognize(struct image *image, bool *same, struct error *err);
