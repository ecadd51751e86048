/*
 * What a run says in the log: a line for each image, and one at the end.
 *
 * With --log-format json the lines have fields. Their names are stable: source, destination,
 * digest, before, after, status ("copied", "skipped", "would-copy", "failed"), reason, bytes,
 * seconds, done and total of an image; images, copied, in_sync, skipped, would_copy, failed, bytes
 * and seconds of the last line.
 */
#pragma once

#include "report/frame.h"
#include "report/tally.h"

/* An image as the tally has it, with its names as text. */
struct report_log_image {
	const struct tally_image *image;
	const char *source, *destination;
	const char *work; /* what was done: "synchronizing image" */
};

void report_log_image(const struct report_log_image *line, const struct frame_counts *now);
/* One line for all images in sync. */
void report_log_folded(const struct tally *tally);
/* The last line; as JSON it stands for the whole summary. */
void report_log_end(const struct tally *tally);
