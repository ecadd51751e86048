/*
 * The command line of check: its own options, from check_options.def, those of serve, since a
 * server's files can be checked as well, and those of a sync.
 */
#pragma once

#include "config/options/option.h"
#include "config/serve/serve_options.h"

struct check_options {
	struct serve_options serve;
#define CHECK_TEXT(field, name, argument, help) const char *field;
#define CHECK_SWITCH(field, name, help) bool field;
#include "config/serve/check_options.def"
#undef CHECK_TEXT
#undef CHECK_SWITCH
};

/* The options that only check has. */
extern const struct option check_options_table[];
extern const size_t check_options_count;

/* Like serve_options_parse(). */
bool check_options_parse(const struct serve_options_reading *reading, struct check_options *out,
			 struct options *options);
/* Appends the help. */
void check_options_help(struct buf *out);
