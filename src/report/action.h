/*
 * What a run tells the runner of a GitHub Action: outputs, annotations and the summary of the job.
 *
 * Only in Action mode. One thread. A file that cannot be written is a warning in the log, not the
 * end of a run.
 */
#pragma once

#include "config/inputs.h"
#include "config/problem.h"
#include "report/tally.h"

/*
 * Writes all outputs as of a run that failed before it began. Later ones count, so whatever ends
 * the program, later steps find a value.
 */
void action_begin(const struct inputs *inputs);
/*
 * Tells the runner of the configuration's mistakes and warnings. After mistakes nothing else will
 * be told, so there is also a summary.
 */
void action_problems(const struct inputs *inputs, const struct problems *problems);
/*
 * Tells how the run ended; tally is complete and sorted. program and report as in step_summary.h;
 * report is also an output.
 */
void action_finish(const struct inputs *inputs, const struct tally *tally, const char *program,
		   const char *report);
