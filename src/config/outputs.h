/*
 * The files a run writes: that they can be written, and that none of them is a file it reads.
 *
 * For the time between reading the configuration and the first request. Until all of this is known
 * to be right, nothing is opened in a way that changes it.
 */
#pragma once

#include "config/config.h"

#include <stdio.h>

enum { OUTPUTS_MAX = 6 };

/* Zeroed, nothing is open. */
struct outputs {
	int held[OUTPUTS_MAX]; /* pipes that are kept open until the end */
	size_t held_count;
	bool step_output;  /* GITHUB_OUTPUT can be written without harm */
	bool step_summary; /* the same of GITHUB_STEP_SUMMARY */
};

/* Whether lists of images are to be JSON; another format than that and YAML goes to problems. */
bool outputs_format(const struct options *options, struct problems *problems);
/*
 * Adds to problems each pair of an output and an input, or of two outputs, that are one file. Of
 * config, which may be zeroed, the files are looked at that it names.
 */
void outputs_compare(const struct options *options, const struct config *config,
		     struct outputs *out, struct problems *problems);
/* Adds to problems what would keep an output from being written at the end. */
void outputs_probe(const struct options *options, struct outputs *out, struct problems *problems);
/*
 * Opens the log, and empties it: the run begins. NULL: it goes to stderr, or cannot be opened,
 * which goes to problems. The caller closes it.
 */
FILE *outputs_log(const struct options *options, struct problems *problems);
void outputs_close(struct outputs *outputs);
