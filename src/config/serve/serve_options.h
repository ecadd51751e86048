/*
 * The command line of serve: its own options, from serve_options.def, beside those of a sync, and
 * the file of a server that it may name.
 *
 * Plain records; texts point into argv, which outlives them, or live in the arena.
 */
#pragma once

#include "config/expand.h"
#include "config/options/option.h"
#include "config/serve/server_file.h"

/* Texts are NULL when not given or given empty. */
struct serve_options {
#define SERVE_TEXT(field, name, letter, argument, help) const char *field;
#include "config/serve/serve_options.def"
#undef SERVE_TEXT
};

/* The arguments of serve_options_parse(). */
struct serve_options_reading {
	struct arena *arena;
	int argc;
	char **argv;
	const struct expand_lookup *lookup; /* for variables in the server's file */
	struct problems *problems;
	/* The options that come before those of a sync; NULL: those of serve, and no others. */
	const struct arguments_table *own;
};

/*
 * True when the arguments of a program without a command are those of a server: -c FILE first, or
 * --config FILE and the file configures a server. Else --config names one of rules and logins.
 */
bool serve_options_meant(struct arena *arena, int argc, char **argv);
/*
 * Like options_parse(), for argv[1] and following. Whether the texts make sense is not checked.
 * reading->own, if given, has all options of serve as well, and out is a part of its record.
 *
 * The file of --config, or configs/sync.yaml, .yml or .json if nothing says what to copy, is read
 * as well: what it says of a sync counts where the command line says nothing, and options->server
 * is set, unless it turns out to be one of rules and logins. Its mistakes go to problems, but do
 * not make the result false: other files may have more.
 */
bool serve_options_parse(const struct serve_options_reading *reading, struct serve_options *out,
			 struct options *options);
/* The options of serve_options.def. */
extern const struct option serve_options_table[];
extern const size_t serve_options_count;
/* True when one of them has that name. */
bool serve_options_named(const char *name);
/* Appends the help. */
void serve_options_help(struct buf *out);
