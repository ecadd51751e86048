/*
 * The summary of a job, as Markdown for the page of a run.
 *
 * Pure. All foreign text is escaped, and secrets in it are masked.
 */
#pragma once

#include "report/step_rows.h"
#include "report/tally.h"

/*
 * Appends the summary of a run, at most STEP_SUMMARY_MAX bytes: figures, failures, changes, what is
 * in sync. program: "image-syncer/1.2.3". report: the path of the complete list; NULL: none.
 */
void step_summary_write(const struct tally *tally, const char *program, const char *report,
			struct buf *out);
/* Appends the summary of a run that did not begin; errors are lines, made harmless. */
void step_summary_problems(struct str errors, struct buf *out);
