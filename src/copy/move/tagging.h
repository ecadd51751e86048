/*
 * Tags of one manifest in one repository are set by one push, where the registry can do that.
 *
 * An image enlists its tag once its own task has decided that the tag is to hold the manifest, and
 * nothing but the push is left to decide. The first of the images that has all parts at the target
 * pushes for all that are enlisted, the others find their tags written. Whatever goes wrong with
 * that, each pushes its own tag, as it does where the registry sets one tag at a time. Any thread.
 */
#pragma once

#include "store/store.h"

struct image;
struct tagging;

/* The tag of an image under way; lives in it. */
struct tagging_entry {
	const struct image *image; /* NULL: it is not enlisted */
	const char *digest, *tag;
	bool written; /* together with another one */
	bool alone;   /* a push went wrong: its image pushes it, and waits for no other */
	struct tagging_entry *next;
};

/* NULL without memory. */
struct tagging *tagging_new(void);
/* *tagging may be NULL. */
void tagging_free(struct tagging **tagging);

/*
 * Enlists the tag of the image that digest is pushed under, unless its policy wants to look at the
 * tag right before that. reference: what is pushed under; anything but the image's tag is ignored.
 */
void tagging_enlist(struct image *image, const char *digest, const char *reference);
/* Takes it off the list. True: it was written meanwhile. Not enlisted: false. */
bool tagging_leave(struct image *image);
/* Like store_put() to the image's target. */
bool tagging_put(struct image *image, const struct push *push, struct push_answer *answer,
		 struct error *err);
