/*
 * Companions: the signatures, attestations and bills of materials of an image. They are manifests
 * under cosign's tags, and referrers with their own referrers, of the image and of each image in
 * its index.
 *
 * companions_find() sends requests only to the source, companions_compare() to the target, and
 * companions_copy() copies those that are missing. All of it belongs to one image and one thread,
 * which uses the pool.
 */
#pragma once

#include "copy/image.h"

enum { COMPANIONS_MAX = 10000, COMPANIONS_DEPTH_MAX = 8 };

struct companion {
	const char *digest;
	const char *media_type; /* the type in the list; "": not known */
	const char *subject;    /* the digest that it belongs to */
	const char *tag;        /* the tag that cosign gave it; NULL: it is a referrer */
	bool present;           /* the target has it */
	bool foreign;           /* it names another subject than the list: it is not copied */
	struct str descriptor;  /* its descriptor for a list of referrers, once it was read */
	struct arena *arena;    /* holds its manifest; NULL: it was not read */
};

struct companions {
	struct companion *items; /* those of one subject are next to each other */
	size_t count;
};

/*
 * Finds the companions of the image that the target is to hold. held: the target already holds it,
 * and its manifests are read there. *out lives in arena; indexes stay in image->known.
 */
bool companions_find(struct image *image, struct arena *arena, bool held, struct companions *out,
		     struct error *err);
/* Marks those that the target has, and counts those that it lacks. */
bool companions_compare(struct image *image, struct companions *companions, size_t *missing,
			struct error *err);
/*
 * Copies the companions that the target lacks. Their subjects must already be there. Updates the
 * lists of referrers if the target does not do so itself.
 */
bool companions_copy(struct image *image, struct arena *arena, struct companions *companions,
		     size_t *copied, struct error *err);
/* Frees the manifests that were read. Zeroed: does nothing. */
void companions_finish(struct companions *companions);
