/*
 * The outputs of a GitHub Action: what later steps of the job read.
 *
 * Made as text here; action.c writes it. Each is one record of the file GITHUB_OUTPUT.
 */
#pragma once

#include "report/tally.h"

enum { ACTION_OUTPUT_COUNT = 9, ACTION_OUTPUT_IMAGES_MAX = 256 * 1024 };

struct action_output {
	const char *name;
	const char *value; /* in arena */
};

/*
 * Every output of a run; of one that never came to anything when tally is NULL. report: the path of
 * the JSON report, NULL for none. The array "images" ends before ACTION_OUTPUT_IMAGES_MAX bytes.
 * False without memory.
 */
bool action_output_all(struct arena *arena, const struct tally *tally, const char *report,
		       struct action_output outputs[ACTION_OUTPUT_COUNT]);
/*
 * Appends the record of one output: "name=value" for what is plainly safe, else a block that ends
 * at a delimiter nobody can guess. False without random numbers.
 */
bool action_output_record(const struct action_output *output, struct buf *out);
