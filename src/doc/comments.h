/*
 * The comments of a text, which no tree has: whoever prints a tree in another form can put them
 * back beside what they are about.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct comment {
	struct str text; /* from its # to the end of the line; a slice of what was read */
	int line;        /* from 1 */
	int about;       /* the line that it is about: the next one with content, or its own */
	bool used;       /* for whoever prints them */
};

struct comments {
	struct comment *items; /* in their order */
	size_t count;
};

/* Those of YAML, in text, which has been parsed before. ERROR_MEMORY. */
bool comments_of_yaml(struct arena *arena, struct str text, struct comments *out,
		      struct error *err);
/* Those of lines of words: from a # at the beginning of a word on. ERROR_MEMORY. */
bool comments_of_lines(struct arena *arena, struct str text, struct comments *out,
		       struct error *err);
