/*
 * The command line: its syntax, and its options from options.def.
 *
 * Plain records; texts point into argv, which outlives them.
 */
#pragma once

#include "base/buf.h"
#include "config/problem.h"

enum { OPTIONS_LIST_MAX = 64, OPTIONS_DESTINATIONS_MAX = 32 };

/* The values of an option that may be repeated, in order; empty ones are left out. */
struct option_list {
	const char *items[OPTIONS_LIST_MAX];
	size_t count;
	bool preset; /* the items are from an input; the command line's first one replaces them */
};

struct inputs;
struct plan_options;
struct flags;
struct server_config;
struct rules;
struct option;
struct arguments_table;

/* Texts are NULL when not given or given empty; numbers are never negative. */
struct options {
#define OPTION_GROUP(title)
#define OPTION_TEXT(field, name, letter, argument, help) const char *field;
#define OPTION_NUMBER(field, name, letter, argument, fallback, help) int field;
#define OPTION_SWITCH(field, name, letter, help) bool field;
#define OPTION_LIST(field, name, letter, argument, help) struct option_list field;
#define OPTION_LINES(field, name, letter, argument, help) struct option_list field;
#define OPTION_ALIAS(field, name, letter, argument, help)
#include "config/options/options.def"
#undef OPTION_GROUP
#undef OPTION_TEXT
#undef OPTION_NUMBER
#undef OPTION_SWITCH
#undef OPTION_LIST
#undef OPTION_LINES
#undef OPTION_ALIAS
	const char *source; /* SRC DST [DST]... on the command line; NULL: it has no rule */
	const char *destinations[OPTIONS_DESTINATIONS_MAX]; /* with source at least one */
	size_t destination_count;
	bool usual;        /* images, and perhaps auth, are those of the current folder */
	const char *hints; /* the file of hints from earlier runs (state/hints.h); NULL: none */
	const struct inputs *inputs; /* those of a GitHub Action; NULL: this is none */
	const struct flags *imgsync; /* those of a command of imgsync's; NULL: this is none */
	const struct rules *rules;   /* of a command that makes its own; NULL: files have them */
	const struct server_config *server; /* the file of serve -c; NULL: there is none */
	const struct plan_options *plan;    /* where a plan is written; NULL: nothing is planned */
	const char *apply;                  /* the plan that is applied; NULL: none */
};

/* Sets every option to its default. */
void options_init(struct options *out);
/*
 * Sets one option to value, which is not empty and is kept by reference; a list gets one more item.
 * False: the option cannot take the value, and nothing is changed.
 */
bool options_set(struct options *out, const struct option *option, const char *value);
/* Sets options from the environment variables that stand for them, see variable.h. */
void options_variables(struct options *out, struct problems *problems);

/*
 * Reads argv[1] and following into out, which options_init(), options_variables() and perhaps
 * inputs_read() filled: the command line takes precedence. Every mistake goes to problems; false
 * when there was one. out->help and out->version are set even then, so that a request for help is
 * answered; the word "version" alone is --version.
 */
bool options_parse(int argc, char **argv, struct options *out, struct problems *problems);
/* The same for a command that has options of its own, which come before those of the same name. */
bool options_parse_beside(int argc, char **argv, const struct arguments_table *own,
			  struct options *out, struct problems *problems);
/*
 * Where nothing says what to copy, images.yaml of the current folder does, if there is one; then
 * auth.yaml has the credentials, unless others were named.
 */
void options_usual_files(struct options *options);
/*
 * Reads one of the words that the original accepts for a switch: true, 1, t, T, TRUE, True and so
 * on; also yes, no, on and off. Upper and lower case do not matter.
 */
bool options_switch(struct str text, bool *out);
