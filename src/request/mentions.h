/*
 * The images that a free text asks for: an issue, a comment, a message of commit.
 *
 * Names are found in prose, in code, behind `docker pull`, `image:` and FROM, and in the addresses
 * of registries' pages (request/pages.h). A word that could be anything is no name: `nginx` counts
 * behind one of these words, between backticks with a tag, or alone on a line of a block of code.
 * docs/request.md has the rules. Pure.
 */
#pragma once

#include "oci/reference.h"

enum { MENTIONS_MAX = 200, MENTIONS_SHOWN = 300 };

/* The form in which an image was named. */
enum mention_form {
	MENTION_NAME,    /* by its name, in prose */
	MENTION_CODE,    /* the same in code */
	MENTION_COMMAND, /* behind docker pull, image: or FROM */
	MENTION_PAGE,    /* by the address of its page */
};

struct mention {
	/* Tag or digest is never missing. Without a host: the text is no name, see wrong. */
	struct reference ref;
	const char *shown; /* the text in printable ASCII without backticks, for people */
	const char *wrong; /* why it is no name that could be meant; NULL: it is one */
	int line, column;
	enum mention_form form;
	bool guessed_tag;  /* there was no tag: it is latest */
	bool guessed_host; /* there was no registry: it is Docker Hub */
};

struct mentions {
	struct mention *items; /* each image once, in the order of the text */
	size_t count;
	bool more; /* there were more than MENTIONS_MAX */
};

/* Everything lives in arena. False without memory. */
bool mentions_find(struct arena *arena, struct str text, struct mentions *out);
/*
 * Appends text for a span of code: what is not printable ASCII as \u{41}, and neither backticks nor
 * bars. At most MENTIONS_SHOWN characters of it.
 */
void mentions_show(struct str text, struct buf *out);
