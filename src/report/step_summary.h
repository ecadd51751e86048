/*
 * The summary of a job: what a person sees on the page of a run, as Markdown.
 *
 * Pure. All that others may have written is escaped and has its secrets masked.
 */
#pragma once

#include "report/tally.h"

/* A runner drops a summary of more than 1 MiB as a whole. */
enum { STEP_SUMMARY_MAX = 900 * 1024 };

/*
 * Appends the summary of a run, at most STEP_SUMMARY_MAX bytes: totals, failures, the other images.
 * program: "image-syncer/1.2.3". report: where the whole list is, NULL: nowhere.
 */
void step_summary_write(const struct tally *tally, const char *program, const char *report,
			struct buf *out);
/* Appends the summary of a run that did not begin; errors are lines, made harmless. */
void step_summary_problems(struct str errors, struct buf *out);
