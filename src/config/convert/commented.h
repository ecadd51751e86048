/*
 * Prints a mapping as YAML, with the comments of the file that its nodes have their places in: each
 * above or behind what it is about. One that is about something that is not printed comes before
 * what follows it, so that none is lost.
 */
#pragma once

#include "doc/comments.h"
#include "doc/node.h"

struct commented {
	struct buf *out;
	struct comments *comments;
	/* Whether a comment about this line belongs in this text; NULL: all do. */
	bool (*mine)(void *ctx, int line);
	void *ctx;
};

/* Prints the mapping, each pair on lines of its own, and then what is left of the comments. */
void commented_print(const struct commented *text, const struct node *map);
/* Appends a scalar, plain or in quotes; any YAML reader reads the same text. */
void commented_scalar(const struct node *node, struct buf *out);
