/*
 * Signs of life where there is no live display: a line of the log now and then while large blobs
 * are on their way.
 *
 * All functions are for the thread that owns the report.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "plan/progress.h"

struct heartbeat;

/*
 * From now on logs a line every interval_ms if a blob has been under way for as long. counts(ctx)
 * gives the figures of images, for any thread. The memory is the arena's, which must outlive this.
 * NULL when it cannot start.
 */
struct heartbeat *heartbeat_open(struct arena *arena, struct progress *progress, int interval_ms,
				 void (*counts)(void *ctx, size_t *done, size_t *total), void *ctx);
/* Ends it; *heartbeat may be NULL. */
void heartbeat_close(struct heartbeat **heartbeat);
/* Appends the line for what view shows. */
void heartbeat_line(const struct progress_view *view, size_t done, size_t total, struct buf *out);
