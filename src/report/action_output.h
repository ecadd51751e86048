/*
 * The outputs of a GitHub Action, which later steps of the job read.
 *
 * Made as text here; action.c writes it. Each is one record of the file GITHUB_OUTPUT.
 */
#pragma once

#include "report/plan_sheet.h"

enum { ACTION_OUTPUT_COUNT = 11, ACTION_OUTPUT_IMAGES_MAX = 256 * 1024 };

struct action_output {
	const char *name;
	const char *value; /* lives in the caller's arena */
};

/* A plan that was written. */
struct action_plan {
	const struct plan_sheet *sheet;
	const char *path;
};

/*
 * Makes every output of a run; tally NULL: of a run that did not begin. report: the path of the
 * JSON report, NULL for none. plan: what was planned; NULL: nothing. The array "images" is cut
 * before ACTION_OUTPUT_IMAGES_MAX bytes. False without memory.
 */
bool action_output_all(struct arena *arena, const struct tally *tally, const char *report,
		       const struct action_plan *plan,
		       struct action_output outputs[ACTION_OUTPUT_COUNT]);
/*
 * Appends the record of one output: "name=value" for a safe value, else a block whose delimiter
 * cannot be guessed. False without random numbers.
 */
bool action_output_record(const struct action_output *output, struct buf *out);
