/*
 * What the platform filter of a task leaves of its image, and whether the target holds that already
 *.
 *
 * An index loses the entries that do not pass, and becomes another document with another digest; an
 * image passes or does not. What was read or made on the way is kept in image->known, where
 * tree_copy() finds it.
 */
#pragma once

#include "copy/image.h"

struct narrowed {
	const char *digest; /* of what the target is to hold; the source's own when all passes */
	bool nothing;       /* nothing passes; digest is NULL then */
	size_t kept, total; /* images */
};

/*
 * Reads the source, whose digest is pinned, as far as it takes to decide: an index, the indexes in
 * it, or an image's configuration.
 */
bool narrow(struct image *image, struct narrowed *out, struct error *err);
/*
 * Asks the target for the manifest that its tag holds, and tells whether it is all that the filter
 * leaves of the source's: that is not asked. A false *same means no more than that narrow() must
 * decide.
 */
bool narrow_recognize(struct image *image, bool *same, struct error *err);
