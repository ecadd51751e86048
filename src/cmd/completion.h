/*
 * image-syncer completion SHELL: what a shell needs to complete command lines. Everything comes
 * from the tables of the parsers, so a new option is completed as soon as it exists.
 */
#pragma once

#include "base/buf.h"
#include "config/options/option.h"

#include <stdbool.h>

/* What the command line is about, as far as its first word shows. */
enum completion_context {
	COMPLETION_RUN, /* a sync: there is no command */
	COMPLETION_SERVE,
	COMPLETION_CHECK,
	COMPLETION_PROBE,
	COMPLETION_REQUEST,
	COMPLETION_PLAN,
	COMPLETION_APPLY,
	COMPLETION_REPORT,
	COMPLETION_CONVERT,
	COMPLETION_IMGSYNC, /* the program is called imgsync, and there is no command */
	COMPLETION_SYNC,
	COMPLETION_GCR,
	COMPLETION_FLANNEL,
	COMPLETION_HELP,
	COMPLETION_COMPLETION,
	COMPLETION_CONTEXTS,
};

struct completion_command {
	const char *name;  /* "serve"; of contexts without a command what scripts call them */
	const char *what;  /* a sentence without a full stop; NULL: it is no command */
	const char *words; /* that may follow it; "": none */
	bool files;        /* names of files may follow it */
};

extern const struct completion_command completion_commands[COMPLETION_CONTEXTS];

enum completion_kind {
	COMPLETION_NO_VALUE,
	COMPLETION_TEXT,    /* nothing is known of it */
	COMPLETION_WORDS,   /* one of words, or something else */
	COMPLETION_FILES,   /* the name of a file */
	COMPLETION_FOLDERS, /* the name of a folder */
};

/* An option that can be given. */
struct completion_option {
	const char *name; /* without "--" */
	char letter;      /* 0: it has none here */
	const char *help;
	const char *argument; /* NULL: it has no value */
	enum completion_kind kind;
	const char *words; /* separated by blanks; with COMPLETION_WORDS */
	bool repeated;
};

/* Calls take(ctx, option) for each option of the context. */
void completion_each(enum completion_context context,
		     void (*take)(void *ctx, const struct completion_option *option), void *ctx);
/* Appends text with each of the characters special behind an escape. */
void completion_quote(struct buf *out, const char *text, const char *special, const char *escape);

/* True for the first word of a command line that is this command. */
bool completion_named(const char *word);
/* Prints the script for the shell that argv[1] names. Returns the exit status. */
int completion_run(int argc, char **argv);
