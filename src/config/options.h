/*
 * The command line: syntax of image-syncer.md 1.1, options from options.def.
 *
 * Plain records; texts point into argv, which outlives them.
 */
#pragma once

#include "base/buf.h"
#include "config/problem.h"

/* Texts are NULL when not given or given empty; numbers are never negative. */
struct options {
#define OPTION_GROUP(title)
#define OPTION_TEXT(field, name, letter, argument, help) const char *field;
#define OPTION_NUMBER(field, name, letter, argument, fallback, help) int field;
#define OPTION_SWITCH(field, name, letter, help) bool field;
#include "config/options.def"
#undef OPTION_GROUP
#undef OPTION_TEXT
#undef OPTION_NUMBER
#undef OPTION_SWITCH
};

/*
 * Reads argv[1] and following into out, which gets defaults first. Every mistake goes to problems;
 * false when there was one. out->help and out->version are set all the same, so that whoever asks
 * for help gets it.
 */
bool options_parse(int argc, char **argv, struct options *out, struct problems *problems);
/* Appends what --help prints. */
void options_help(struct buf *out);
