/*
 * What is left of a run, in words: "12.3MB of at least 40.1MB", "over 2m05s left".
 *
 * How much an image needs is known once its manifests have been read. So before all images are
 * known there is only a lower bound, and the words say so.
 */
#pragma once

#include "base/buf.h"
#include "plan/progress.h"

struct remaining {
	const struct progress_view *now;
	size_t done, total; /* images */
};

/* Appends the bytes that were sent, and all that are to be sent if some are left. */
void remaining_bytes(const struct remaining *remaining, struct buf *out);
/* Appends the time left at so many bytes per second; nothing where that says nothing. */
void remaining_time(const struct remaining *remaining, int64_t rate, struct buf *out);
