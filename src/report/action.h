/*
 * Reports a run to the runner of a GitHub Action: outputs, annotations and the summary of the job.
 *
 * Only in Action mode. One thread. A file that cannot be written is a warning in the log, not the
 * end of a run.
 */
#pragma once

#include "report/action_output.h"
#include "report/tally.h"

/* The files that a runner reads, and the folder of the job's own files; NULL: there is none. */
struct action {
	const char *output;    /* GITHUB_OUTPUT */
	const char *summary;   /* GITHUB_STEP_SUMMARY, if a summary is wanted */
	const char *workspace; /* GITHUB_WORKSPACE */
};

/*
 * Writes all outputs as for a run that failed before it began. Later records take precedence, so
 * later steps find values however the program ends.
 */
void action_begin(const struct action *action);
/* Writes further outputs, which take precedence over those before. */
void action_write(const struct action *action, const struct action_output *outputs, size_t count);
/* Adds text, Markdown, to the summary of the job. */
void action_tell(const struct action *action, const struct buf *text);
/*
 * Reports the configuration's mistakes and warnings to the runner. Mistakes end the run, so they
 * also get a summary. Each is one line, "file:line:column: text", made harmless.
 */
void action_problems(const struct action *action, struct str errors, struct str warnings);
/*
 * Reports how the run ended; tally is complete and sorted. program and report are as in
 * step_summary.h; report is also an output. plan: what was planned, and where; NULL: nothing.
 */
void action_finish(const struct action *action, const struct tally *tally, const char *program,
		   const char *report, const struct action_plan *plan);
