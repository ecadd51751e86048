/*
 * Maintains the list of a digest's referrers at a target without the referrers API: an index under
 * the digest's fallback tag (distribution-spec 1.1 "Pushing Manifests with Subject").
 */
#pragma once

#include "copy/image.h"
#include "oci/companion.h"
#include "oci/digest.h"

/* The referrers that the list of subject is to contain. */
struct attachment {
	struct image *image; /* the list is at its target */
	const char *subject;
	const char **digests;         /* digests of the referrers */
	struct str *descriptors;      /* their descriptors, by referrers_describe() */
	size_t count;                 /* number of referrers */
	char tag[COMPANION_TAG_SIZE]; /* of the list */
	char held[DIGEST_TEXT_SIZE]; /* digest of the list as written; "": it was complete before */
	int64_t took_ms;             /* time that reading and writing the list took */
};

/*
 * Adds the missing referrers to the list, and leaves all other entries as they are. One thread of
 * the run at a time works on one list. ERROR_CORRUPT: the tag holds something else, which is left
 * alone.
 */
bool attach_write(struct attachment *attachment, struct error *err);
/*
 * Another program may have read the list before this one wrote it, and may still overwrite it. So
 * this waits, reads the list again and adds the referrers that were lost, until the list is
 * complete and has not changed between two reads.
 */
bool attach_confirm(struct attachment *attachment, struct error *err);
