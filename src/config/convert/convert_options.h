/*
 * The command line of convert: a file, and its options from convert_options.def. Plain record;
 * texts point into argv, which outlives it.
 */
#pragma once

#include "config/options/option.h"
#include "config/problem.h"

struct convert_options {
#define CONVERT_TEXT(field, name, argument, help) const char *field;
#define CONVERT_SWITCH(field, name, letter, help) bool field;
#include "config/convert/convert_options.def"
#undef CONVERT_TEXT
#undef CONVERT_SWITCH
	const char *file;
};

extern const struct option convert_options_table[];
extern const size_t convert_options_count;

/* Like options_parse(). */
bool convert_options_parse(int argc, char **argv, struct convert_options *out,
			   struct problems *problems);
/* Appends the help. */
void convert_options_help(struct buf *out);
