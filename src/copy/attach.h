/*
 * Keeping the list of a digest's referrers at a target without the referrers API: an index under
 * the digest's fallback tag (distribution-spec 1.1 "Pushing Manifests with Subject").
 */
#pragma once

#include "copy/copier_private.h"

/* What is to be in the list of subject. */
struct attachment {
	const char *subject;
	const char **digests;    /* count of them */
	struct str *descriptors; /* as referrers_describe() writes them */
	size_t count;
};

/*
 * Adds to the list what it lacks, and leaves everything else in it as it is. One thread of the run
 * at a time works on one list. ERROR_CORRUPT: something else stands under the tag, it is left alone.
 */
bool attach_write(struct image *image, const struct attachment *attachment, struct error *err);
/*
 * Reads the list again, and adds once more what somebody else's writing took away, until all of it
 * is there.
 */
bool attach_confirm(struct image *image, const struct attachment *attachment, struct error *err);
