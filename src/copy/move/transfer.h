/* The bytes of one blob on their way, tried again where that helps. Private to copy/. */
#pragma once

#include "copy/image.h"
#include "oci/manifest.h"

/* What is to be moved. */
struct cargo {
	struct image *image;
	const struct descriptor *blob;
	const char *location;         /* as in struct blob_offer */
	bool thorough;                /* the target's word that it has the blob does not count */
	struct fanout_branch *branch; /* its slot, from which it may share a download */
};

/*
 * Brings the blob to the target. *present: it was there, or was mounted. When it fails, it was
 * tried as often as makes sense, and no upload was left open at a target that answers.
 */
bool transfer_run(const struct cargo *cargo, bool *present, struct error *err);
