/*
 * Keeping the list of a digest's referrers at a target without the referrers API: an index under
 * the digest's fallback tag (distribution-spec 1.1 "Pushing Manifests with Subject").
 */
#pragma once

#include "copy/image.h"
#include "oci/digest.h"

/* What is to be in the list of subject. */
struct attachment {
	const char *subject;
	const char **digests;    /* count of them */
	struct str *descriptors; /* as referrers_describe() writes them */
	size_t count;
	char held[DIGEST_TEXT_SIZE]; /* attach_write(): the list as it was left; "" if it had all */
	int64_t took_ms;             /* reading and writing it took so long */
};

/*
 * Adds to the list what it lacks, and leaves everything else in it as it is. One thread of the run
 * at a time works on one list. ERROR_CORRUPT: something else stands under the tag, which is left
 * alone.
 */
bool attach_write(struct image *image, struct attachment *attachment, struct error *err);
/*
 * Waits as long as another program might take that has read the list before this one wrote it.
 * Reads it again, and adds once more what somebody else's writing took away, until all of it is
 * there and nothing has changed between two looks.
 */
bool attach_confirm(struct image *image, struct attachment *attachment, struct error *err);
