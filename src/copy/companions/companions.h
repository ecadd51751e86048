/*
 * Companions: the signatures, attestations and bills of materials of an image:
 * what cosign keeps under tags, and referrers with their own referrers, of the image and of
 * every image in its index.
 *
 * companions_find() asks the source only, companions_compare() the target, companions_copy() moves
 * what is missing. All of it belongs to one image and one thread, which uses the pool.
 */
#pragma once

#include "copy/image.h"

enum { COMPANIONS_MAX = 10000, COMPANIONS_DEPTH_MAX = 8 };

struct companion {
	const char *digest;
	const char *media_type; /* as listed; "" when not known */
	const char *subject;    /* the digest that it belongs to */
	const char *tag;        /* of cosign; NULL: it is a referrer */
	bool present;           /* the target has it */
	bool foreign;           /* it is listed, but names another subject: not to be copied */
	struct str descriptor;  /* how a list of referrers names it, once it was read */
	struct arena *arena;    /* holds what was read of it; NULL: nothing */
};

struct companions {
	struct companion *items; /* those of one subject stand together */
	size_t count;
};

/*
 * Finds the companions of the image, as the target is to hold it. held: the target has it
 * and its parts are read there. Lives in arena; the indexes that were read stay in image->known.
 */
bool companions_find(struct image *image, struct arena *arena, bool held, struct companions *out,
		     struct error *err);
/* Counts what the target lacks; it is marked. */
bool companions_compare(struct image *image, struct companions *companions, size_t *missing,
			struct error *err);
/*
 * Copies what is marked as missing. The manifests they belong to are there already; lists of
 * referrers are kept up to date where the target does not do it.
 */
bool companions_copy(struct image *image, struct arena *arena, struct companions *companions,
		     size_t *copied, struct error *err);
/* Releases what was read. Zeroed: nothing to do. */
void companions_finish(struct companions *companions);
