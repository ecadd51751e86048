/*
 * The images that a run changed at their destinations, or would change, for people: which is new,
 * and which digest replaced which.
 */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

enum { CHANGES_LISTED = 30 }; /* a longer list is left to the JSON report */

struct changes_view {
	unsigned columns;   /* of the terminal, which gets short digests; 0: it is none */
	bool told;          /* failures have been listed, and are left out */
	const char *report; /* the file that lists all images; NULL: there is none */
};

/* Appends the list, harmless for a terminal; nothing when nothing changed. */
void changes_write(const struct tally *tally, const struct changes_view *view, struct buf *out);
