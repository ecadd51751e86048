/*
 * The command line of request: its own options from request_options.def, and those of a sync. Plain
 * record; texts point into argv, which outlives it.
 */
#pragma once

#include "config/options/option.h"
#include "config/options/options.h"

struct request_options {
#define REQUEST_TEXT(field, name, argument, help) const char *field;
#define REQUEST_SWITCH(field, name, help) bool field;
#define REQUEST_LIST(field, name, argument, help) struct option_list field;
#include "config/options/request_options.def"
#undef REQUEST_TEXT
#undef REQUEST_SWITCH
#undef REQUEST_LIST
};

/* The options that only request has. */
extern const struct option request_options_table[];
extern const size_t request_options_count;

/* Like options_parse(). What says what to copy is a mistake: the text does. */
bool request_options_parse(int argc, char **argv, struct request_options *out,
			   struct options *options, struct problems *problems);
/* Appends the help. */
void request_options_help(struct buf *out);
