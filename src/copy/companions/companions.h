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
#include "oci/companion.h"
#include "oci/manifest.h"

enum { COMPANIONS_MAX = 10000, COMPANIONS_DEPTH_MAX = 8 };

struct companion {
	const char *digest;
	const char *media_type;       /* the type in the list; "": not known */
	const char *subject;          /* the digest that it belongs to */
	const char *type;             /* a referrer's artifact type; "": not known */
	const char *tag;              /* the tag that cosign gave it; NULL: it is a referrer */
	enum companion_suffix suffix; /* of that tag */
	struct image *image;          /* through which it is read: the image, or its outside one */
	bool direct;                  /* the subject is the image, or an image in its index */
	bool present;                 /* the target has it */
	bool foreign;                 /* it names another subject than the list: it is not copied */
	struct str descriptor;        /* its descriptor for a list of referrers, once it was read */
	struct arena *arena;          /* holds its manifest; NULL: it was not read */
	struct manifest manifest;
};

struct companions {
	struct companion *items; /* those of one subject are next to each other */
	size_t count;
};

/*
 * Finds the companions of the image that the target is to hold: in the image's own repository, and
 * where its rule says they are as well. What both have is taken from its own. held: the target
 * already holds it, and its manifests are read there; otherwise those that are demanded must be
 * among them (demand.h). *out lives in arena; indexes stay in image->known.
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
/*
 * Reads the companion's manifest, unless that was done, and marks a referrer as foreign that names
 * another subject than it is listed for.
 */
bool companions_read(struct companion *companion, struct error *err);
/* Frees the manifests that were read. Zeroed: does nothing. */
void companions_finish(struct companions *companions);
