/* A run's report in words: a sentence for each image, and the closing summary. */
#pragma once

#include "base/buf.h"
#include "report/changes.h"
#include "report/tally.h"

/*
 * Appends the outcome: "copied 45.38MB in 1.2s, blobs: 5 sent, ...", why the image would be copied
 * in a dry run, or why it failed. The text is not sanitized.
 */
void summary_outcome(const struct tally_image *image, struct buf *out);
/* The same for a narrow column: "copied 45.38MB in 1.2s", "in sync", "would copy: missing". */
void summary_brief(const struct tally_image *image, struct buf *out);
/*
 * Appends the closing summary, harmless for a terminal: what has changed, each failed image with
 * its reason on one line, and the totals. In a pipe or a file the last line is the original's
 * "Synchronization finished, ...", or "Dry run finished, ...".
 */
void summary_write(const struct tally *tally, const struct changes_view *view, struct buf *out);
/* Appends the failed images alone, as in the summary; nothing when there are none. */
void summary_failures(const struct tally *tally, struct buf *out);
/* Appends the counts of images, one line: "3 images: 1 copied, 2 in sync, 0 failed". */
void summary_counts(const struct tally *tally, struct buf *out);
/* Appends the line about layers that were left out; nothing when there were none. */
void summary_left_out(const struct tally *tally, struct buf *out);
/* Appends how many tags were removed that no rule copies any more, "3 tags removed, 1 left". */
void summary_pruned_counts(const struct tally *tally, struct buf *out);
/* Appends the same as a line; nothing without --prune. */
void summary_pruned(const struct tally *tally, struct buf *out);
/* Adds how many images are too new, and when the first will be old enough; nothing if none is. */
void summary_too_new(const struct tally *tally, struct buf *out);
/* Appends the last line alone, without its newline. */
void summary_last_line(const struct tally *tally, struct buf *out);
