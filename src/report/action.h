/*
 * What a run tells the runner of a GitHub Action: outputs, annotations and the summary of the job.
 *
 * Only in Action mode. One thread. A file that cannot be written is a warning in the log, not the
 * end of a run.
 */
#pragma once

#include "report/tally.h"

/* The files by which a runner is told, and where the job's own files are; NULL: there is none. */
struct action {
	const char *output;    /* GITHUB_OUTPUT */
	const char *summary;   /* GITHUB_STEP_SUMMARY, if a summary is wanted */
	const char *workspace; /* GITHUB_WORKSPACE */
};

/*
 * Writes all outputs as of a run that failed before it began. Later ones count, so whatever ends
 * the program, later steps find a value.
 */
void action_begin(const struct action *action);
/*
 * Tells the runner of the configuration's mistakes and warnings. After mistakes nothing else will
 * be told, so there is also a summary. Each is one line, "file:line:column: text", made harmless.
 */
void action_problems(const struct action *action, struct str errors, struct str warnings);
/*
 * Tells how the run ended; tally is complete and sorted. program and report as in step_summary.h;
 * report is also an output.
 */
void action_finish(const struct action *action, const struct tally *tally, const char *program,
		   const char *report);
