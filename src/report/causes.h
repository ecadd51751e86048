/*
 * What several failed images have in common, such as a wrong password: a summary says it once.
 *
 * A plain record in the arena it was collected into; texts are those of the tally.
 */
#pragma once

#include "report/tally.h"

enum {
	CAUSES_MAX = 50,   /* the failures of any more causes are listed one by one */
	CAUSES_NAMED = 10, /* images that a summary names for each cause */
};

struct cause {
	const char *text;
	size_t count; /* of images, 2 or more */
};

struct causes {
	struct cause items[CAUSES_MAX]; /* in the order of the images */
	size_t count;
};

/* Collects the causes of all failed images. */
void causes_collect(const struct tally *tally, struct causes *out);
/* The cause that the image has in common with others, or NULL. */
const struct cause *causes_of(const struct causes *causes, const struct tally_image *image);
/* Appends "50 images: " and what they have in common. */
void causes_print(const struct cause *cause, size_t limit, struct buf *out);
