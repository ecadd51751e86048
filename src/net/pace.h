/*
 * How fast one server gets requests: a window of unanswered requests, a pause that it asked for,
 * and a rate.
 *
 * Pure: the caller brings the time, holds a lock and does the waiting (limiter.h). The window
 * begins small, so that no run opens with a burst, and grows by one with each good answer. A
 * refusal (rate_limit.h, 503) halves it, once for all requests that were under way together; from
 * then on it grows by one for each window of good answers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	PACE_WINDOW_FIRST = 8,
	PACE_WINDOW_MAX = 128,
	PACE_PAUSE_MAX_MS = 60000, /* a server that asks for a longer pause gets none here */
	PACE_LATER = -1,
};

struct pace {
	unsigned busy;         /* requests under way */
	unsigned window;       /* how many may be, at least 1 */
	unsigned credit;       /* good answers towards the next step of the window */
	bool refused;          /* it has refused a request, so the window grows slowly */
	int64_t shrunk_ms;     /* when the window was last halved */
	int64_t paused_ms;     /* no request before that time */
	int64_t interval_us;   /* time between two requests; 0: any */
	int64_t next_begin_us; /* no request before that time */
};

/* per_second: requests per second; 0: no limit. */
void pace_init(struct pace *pace, unsigned per_second);
/*
 * Asks to begin a request. 0: it counts as under way. Above 0: ask again after that many
 * milliseconds. PACE_LATER: ask again when another request has ended. counted false: the request
 * needs no place in the window, nor pace_end().
 */
int64_t pace_begin(struct pace *pace, int64_t now_ms, bool counted);
/* A counted request is no longer under way. */
void pace_end(struct pace *pace);
/* An answer to a request that began at began_ms was good. */
void pace_good(struct pace *pace);
/* The answer was a refusal. pause_s: the seconds the server asked us to wait, or < 0. */
void pace_refused(struct pace *pace, int64_t now_ms, int64_t began_ms, int pause_s);
