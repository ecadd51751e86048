/*
 * Signs of life where there is no live display: a line of the log when nothing else has been
 * written for a while, or when the run is waiting. Only the thread that owns the report may call
 * these functions.
 */
#pragma once

#include "base/arena.h"
#include "base/waits.h"
#include "plan/progress.h"

struct heartbeat;

/* Where the figures of images come from. */
struct heartbeat_counts {
	void (*get)(void *ctx, size_t *done, size_t *total); /* any thread */
	void *ctx;
};

/*
 * From now on logs a line whenever nothing was logged for quiet_ms, when something is to be tried
 * again, and again after three times quiet_ms. The memory belongs to arena, which must outlive the
 * heartbeat. NULL when it cannot start.
 */
struct heartbeat *heartbeat_open(struct arena *arena, struct progress *progress,
				 const struct heartbeat_counts *counts, int quiet_ms);
/* Ends the heartbeat; *heartbeat may be NULL. */
void heartbeat_close(struct heartbeat **heartbeat);
