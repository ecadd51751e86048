/*
 * Checks the files that a run writes: they can be written, and none of them is a file it reads.
 *
 * The place for this is between reading the configuration and the first request. No file is opened
 * in a way that changes it before all checks have passed.
 */
#pragma once

#include "config/config.h"

#include <stdio.h>

enum { OUTPUTS_MAX = 13 };

/* Zeroed, nothing is open. */
struct outputs {
	int held[OUTPUTS_MAX]; /* pipes that are kept open until the end */
	size_t held_count;
	bool step_output;  /* GITHUB_OUTPUT can be written without harm */
	bool step_summary; /* so can GITHUB_STEP_SUMMARY */
};

/* A file that is read. */
struct outputs_input {
	const char *name;  /* of the option or field that names it */
	const char *given; /* NULL: there is none */
	const char *place; /* where the file is named; NULL: on the command line */
};

/*
 * Calls take(ctx, input) for each file that a run reads, with all that config names; config may be
 * zeroed.
 */
void outputs_inputs(const struct options *options, const struct config *config,
		    void (*take)(void *ctx, const struct outputs_input *input), void *ctx);
/* True when lists of images are to be JSON. A format that is neither JSON nor YAML is a problem. */
bool outputs_format(const struct options *options, struct problems *problems);
/*
 * Adds a problem for each output that is the same file as an input or as another output. The files
 * that config names count as inputs; config may be zeroed.
 */
void outputs_compare(const struct options *options, const struct config *config,
		     struct outputs *out, struct problems *problems);
/*
 * The same for archives of images, whether they are read or written, and for what --since-archive
 * names, which has no place.
 */
void outputs_compare_archives(const struct options *options, const struct outputs_input *archives,
			      size_t count, struct problems *problems);
/* Adds a problem for each output that could not be written at the end. */
void outputs_probe(const struct options *options, struct outputs *out, struct problems *problems);
/*
 * Opens the log. Unless it is to be kept, it is emptied, since the run begins. NULL: the log goes
 * to stderr, or cannot be opened, which adds a problem. The caller closes it.
 */
FILE *outputs_log(const struct options *options, bool keep, struct problems *problems);
void outputs_close(struct outputs *outputs);
