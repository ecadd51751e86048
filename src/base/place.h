/*
 * Places in files, "images.yaml:3:1", as messages about files begin with them.
 *
 * Slices of the text that was read.
 */
#pragma once

#include "base/str.h"

struct place {
	struct str file;
	int64_t line, column; /* from 1 */
};

/* Reads a text that is a place and nothing else. False: it is none, and *out is zeroed. */
bool place_read(struct str text, struct place *out);
/*
 * Splits "PLACE: text". False: line does not begin with a place; *out is zeroed, *text is all of
 * the line.
 */
bool place_split(struct str line, struct place *out, struct str *text);
/* By file, then by line and column: less than, equal to or greater than zero. */
int place_compare(const struct place *a, const struct place *b);
