/* Finds the companions of an image at its source, level by level. Private to companions.c. */
#pragma once

#include "copy/companions/companions.h"

/* Where to look for the companions of an image. */
struct walk_job {
	struct image *image; /* the image whose manifests are looked at */
	struct image *at;    /* itself or image->outside, at whose source companions are sought */
	struct arena *arena; /* of what is found */
	bool held;           /* the target holds the image, and its manifests are read there */
};

/*
 * Looks for companions of the manifest, of all manifests in it and of those in *found, then for
 * companions of these, and so on. Replaces *found by all of them, without those that have the same
 * tag, or digest and subject, as one that was there before. Indexes that were read live in
 * image->arena.
 */
bool walk_source(const struct walk_job *job, struct companions *found, struct error *err);
/* Counts the companions of the digest itself at the image's source, and goes no further. */
bool walk_count(struct image *image, const char *digest, size_t *count, struct error *err);
