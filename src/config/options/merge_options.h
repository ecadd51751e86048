/*
 * The command line of report merge: reports, and its options from merge_options.def. Plain record;
 * texts point into argv, which outlives it.
 */
#pragma once

#include "config/options/option.h"

enum { MERGE_OPTIONS_MAX = 1000 };

struct merge_options {
#define MERGE_TEXT(field, name, argument, help) const char *field;
#define MERGE_SWITCH(field, name, help) bool field;
#include "config/options/merge_options.def"
#undef MERGE_TEXT
#undef MERGE_SWITCH
	const char *files[MERGE_OPTIONS_MAX];
	size_t file_count;
	bool merge; /* the word merge was there */
};

extern const struct option merge_options_table[];
extern const size_t merge_options_count;

/* Reads argv[1] and following. Every mistake goes to problems; false when there was one. */
bool merge_options_parse(int argc, char **argv, struct merge_options *out,
			 struct problems *problems);
/* Appends the help. */
void merge_options_help(struct buf *out);
