/*
 * The table of options.def as data, for the parser and for --help.
 *
 * Constant, so any thread may read it.
 */
#pragma once

#include "config/options/options.h"

enum option_kind {
	OPTION_KIND_GROUP,
	OPTION_KIND_TEXT,
	OPTION_KIND_NUMBER,
	OPTION_KIND_SWITCH,
	OPTION_KIND_LIST,
	OPTION_KIND_LINES
};

struct option {
	enum option_kind kind;
	const char *name; /* for a group its title */
	char letter;
	const char *argument; /* what --help calls the value */
	int fallback;
	size_t field; /* offset in struct options */
	const char *help;
};

extern const struct option option_table[];
extern const size_t option_count;

/* The option with that name or letter; NULL when there is none. Groups are never found. */
const struct option *option_named(struct str name);
const struct option *option_lettered(char letter);
/* The name of an option that name may be a slip of; NULL when none is near. */
const char *option_nearest(struct str name);
