/*
 * The command line of serve: its own options, from serve_options.def, beside those of a sync.
 *
 * Plain records; texts point into argv, which outlives them.
 */
#pragma once

#include "config/options/options.h"

/* Texts are NULL when not given or given empty. */
struct serve_options {
#define SERVE_TEXT(field, name, argument, help) const char *field;
#include "config/serve/serve_options.def"
#undef SERVE_TEXT
};

/* Like options_parse(), for argv[1] and following. Whether the texts make sense is not checked. */
bool serve_options_parse(int argc, char **argv, struct serve_options *out, struct options *options,
			 struct problems *problems);
/* Appends the help. */
void serve_options_help(struct buf *out);
