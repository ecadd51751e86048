/*
 * The command line of imgsync: its commands, and its flags from flags.def. What is no flag of its
 * own may be an option of image-syncer (options.def), except those that say otherwise what is
 * copied where.
 *
 * Plain records; texts point into argv, which outlives them.
 */
#pragma once

#include "config/options/option.h"

#include <limits.h>

enum flags_command { FLAGS_NONE, FLAGS_SYNC, FLAGS_GCR, FLAGS_FLANNEL, FLAGS_COMMANDS };

/* The default of --namespace. */
#define FLAGS_NAMESPACE "google-containers"

/* Texts are NULL when not given or given empty; numbers are never negative. */
struct flags {
#define FLAG_TEXT(field, name, commands, argument, help) const char *field;
#define FLAG_NUMBER(field, name, commands, argument, fallback, help) int field;
#define FLAG_SWITCH(field, name, letter, commands, help) bool field;
#define FLAG_OLD(kind, field, name, fallback)
#include "config/imgsync/flags.def"
#undef FLAG_TEXT
#undef FLAG_NUMBER
#undef FLAG_SWITCH
#undef FLAG_OLD
	enum flags_command command; /* FLAGS_NONE: help is all there is to do */
	const char *image;          /* of sync */
	char hints[PATH_MAX];       /* the file in manifests; "": there is none */
};

/* All flags, those of flags.def. */
extern const struct option flags_table[];
extern const size_t flags_count;
/* True when the command has that flag of the table; FLAGS_NONE: when any command has it. */
bool flags_has(enum flags_command command, size_t flag);
/* True when an option of image-syncer cannot be given: it is another one here, or none. */
bool flags_hides(const char *name);
/* The command of that name; FLAGS_NONE: it is none. */
enum flags_command flags_named(const char *word);
/* "sync", "gcr" or "flannel". */
const char *flags_name(enum flags_command command);
/*
 * Reads argv[1] and following: the first word is the command. Fills *out, and in *options, which
 * options_init() filled, the options that are image-syncer's own. Every mistake goes to problems;
 * false when there was one. out->help, out->version and out->command are set even then, so that a
 * request for help is answered; help is also set when there is no command.
 */
bool flags_parse(int argc, char **argv, struct flags *out, struct options *options,
		 struct problems *problems);
/*
 * Sets in *options what the flags mean there, except for the rules and the login
 * (config/imgsync/meaning.h), for which options->imgsync refers to *flags. Mistakes go to problems.
 */
void flags_settle(const struct flags *flags, struct options *options, struct problems *problems);
/* The level of the report on standard output, from 1 on; 0: none is wanted. */
int flags_level(const struct flags *flags);
/* What that report is about. */
const char *flags_title(const struct flags *flags);
/* Appends the help of one command; of FLAGS_NONE, that of all. */
void flags_help(enum flags_command command, struct buf *out);
