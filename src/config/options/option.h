/*
 * Options as data, for the parser (arguments.h) and for --help, and the table of options.def.
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
	size_t field; /* offset in the record that it sets, here struct options */
	const char *help;
};

extern const struct option option_table[];
extern const size_t option_count;

/* The option with that name; NULL when there is none. Groups are never found. */
const struct option *option_named(struct str name);

/*
 * Sets the option's field of record to value, which is not empty and is kept by reference; a list
 * gets one more item. False: the option cannot take the value, and nothing is changed.
 */
bool option_assign(void *record, const struct option *option, const char *value);
/* True when the option may be given several times, each of them an item. */
bool option_lists(const struct option *option);
/* Sets the option's field of record to its default. */
void option_reset(void *record, const struct option *option);
