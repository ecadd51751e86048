/*
 * One configuration document, read and parsed: a file, as YAML, or as JSON if its name ends in
 * .json; or a text in place of a file.
 *
 * Plain record; the tree and the names live in the arena it was read into.
 */
#pragma once

#include "base/arena.h"
#include "config/problem.h"
#include "doc/node.h"
#include "oci/digest.h"

struct document {
	const char *name; /* for messages: the path, or "stdin" */
	bool json;
	bool input;    /* it is the text of an Action's input, which the job's log shows */
	unsigned mode; /* permission bits of a regular file; 0 for anything else */
	const struct node *root;
	bool stream; /* root is a list of the documents of a stream */
	/* What is wrong with it as one document, which only some forms may be; NULL: nothing. */
	const char *fault;
	bool lines;      /* text is not YAML but lines of words; root is null */
	struct str text; /* what was read, as far as it is kept */
};

/* Reads path ("-" is stdin, as YAML). False when there were mistakes, which go to problems. */
bool document_read(struct arena *arena, const char *path, struct document *out,
		   struct problems *problems);
/* The same, as JSON whatever the name. */
bool document_read_json(struct arena *arena, const char *path, struct document *out,
			struct problems *problems);
/* The same, with the digest of its text. */
bool document_read_hashed(struct arena *arena, const char *path, struct document *out,
			  char digest[DIGEST_TEXT_SIZE], struct problems *problems);
/*
 * The same for a file of any program: it may hold several YAML documents, or lines of words, which
 * is what are_lines says of its name and text. The text is kept if it is lines.
 */
bool document_read_any(struct arena *arena, const char *path,
		       bool (*are_lines)(const char *name, struct str text), struct document *out,
		       struct problems *problems);
/* The same, and the text is kept whatever it is. */
bool document_read_whole(struct arena *arena, const char *path,
			 bool (*are_lines)(const char *name, struct str text), struct document *out,
			 struct problems *problems);
/* The same for text, the Action's input called name: JSON if it is a JSON object. */
bool document_parse_any(struct arena *arena, const char *name, const char *text,
			bool (*are_lines)(const char *name, struct str text), struct document *out,
			struct problems *problems);
/* Parses text, the Action's input called name: as JSON if it is a JSON object, else as YAML. */
bool document_parse(struct arena *arena, const char *name, const char *text, struct document *out,
		    struct problems *problems);
/* Adds the fault of the document, "images.yaml:3:1: ...". */
void document_refuse(const struct document *document, struct problems *problems);
/* "images.yaml:3:1", the place of node; without memory the name alone. */
const char *document_place(struct arena *arena, const struct document *document,
			   const struct node *node);
/* Warns if others can see the document, in which a secret is written at node. */
void document_guard(struct arena *arena, const struct document *document, const struct node *node,
		    struct problems *problems);
