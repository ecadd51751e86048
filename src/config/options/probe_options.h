/*
 * The command line of probe: registries, its own options from probe_options.def, and those of a
 * sync. Plain record; texts point into argv, which outlives it.
 */
#pragma once

#include "config/options/option.h"
#include "config/options/options.h"

enum { PROBE_OPTIONS_MAX = 100 };

struct probe_options {
#define PROBE_TEXT(field, name, argument, help) const char *field;
#define PROBE_SWITCH(field, name, help) bool field;
#include "config/options/probe_options.def"
#undef PROBE_TEXT
#undef PROBE_SWITCH
	const char *targets[PROBE_OPTIONS_MAX]; /* "HOST" or "HOST/REPOSITORY", as written */
	size_t target_count;
};

/* The options that only probe has. */
extern const struct option probe_options_table[];
extern const size_t probe_options_count;

/* Like options_parse(). */
bool probe_options_parse(int argc, char **argv, struct probe_options *out, struct options *options,
			 struct problems *problems);
/* Appends the help. */
void probe_options_help(struct buf *out);
