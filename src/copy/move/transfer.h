/* Transfers the bytes of one blob, with retries where they help. Private to copy/. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* A blob to be transferred. */
struct cargo {
	struct image *image;
	const struct descriptor *blob;
	const char *location;         /* as in struct blob_offer */
	bool thorough;                /* ignore the target's answer that it has the blob */
	struct fanout_branch *branch; /* through which it may share a download */
};

/*
 * Brings the blob to the target. *present: it was already there, or was mounted. A failure comes
 * after all retries that make sense, and leaves no upload open at a target that answers.
 */
bool transfer_run(const struct cargo *cargo, bool *present, struct error *err);
