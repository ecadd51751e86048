/*
 * Signs of life where there is no live display: a line of the log when nothing else has been
 * written for a while, and when something is waited for.
 *
 * All functions are for the thread that owns the report.
 */
#pragma once

#include "base/arena.h"
#include "base/waits.h"
#include "plan/progress.h"

struct heartbeat;

/*
 * From now on logs a line whenever nothing was logged for quiet_ms, when something is to be tried
 * again, and again three times as long after that. counts(ctx) gives the figures of images, for any
 * thread. The memory is the arena's, which must outlive this. NULL when it cannot start.
 */
struct heartbeat *heartbeat_open(struct arena *arena, struct progress *progress, int quiet_ms,
				 void (*counts)(void *ctx, size_t *done, size_t *total), void *ctx);
/* Ends it; *heartbeat may be NULL. */
void heartbeat_close(struct heartbeat **heartbeat);

/* What a line tells. */
struct heartbeat_state {
	const struct progress_view *view;
	const struct waits_view *waits;
	size_t done, total; /* images */
	int64_t now_ms;     /* clock_ms() */
};

/* Appends the line for state. */
void heartbeat_line(const struct heartbeat_state *state, struct buf *out);
