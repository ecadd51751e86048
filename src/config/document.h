/*
 * One configuration file, read and parsed: YAML, or JSON when its name ends in .json; or the same
 * as a text.
 *
 * Plain record; the tree and the names live in the arena it was read into.
 */
#pragma once

#include "base/arena.h"
#include "config/problem.h"
#include "doc/node.h"

struct document {
	const char *name; /* for messages: the path, or "stdin" */
	bool json;
	bool input;    /* the text of an input of an Action, which its log shows */
	unsigned mode; /* permission bits of a regular file; 0 for anything else */
	const struct node *root;
};

/* Reads path ("-" is stdin, as YAML). Mistakes go to problems, then it is false. */
bool document_read(struct arena *arena, const char *path, struct document *out,
		   struct problems *problems);
/* The same with JSON, whatever the name is. */
bool document_read_json(struct arena *arena, const char *path, struct document *out,
			struct problems *problems);
/* Parses text, an input of an Action that is called name: JSON where it is that, else YAML. */
bool document_parse(struct arena *arena, const char *name, const char *text, struct document *out,
		    struct problems *problems);
/* "images.yaml:3:1", the place of node; just the name without memory. */
const char *document_place(struct arena *arena, const struct document *document,
			   const struct node *node);
