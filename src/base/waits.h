/*
 * What threads wait for at this moment: a server that is silent, the time of the next try.
 *
 * Whoever waits says so, deep below, and whoever tells people looks: the display and the heartbeat.
 * There is one table for the process, as there is one log. Nothing here influences the run. Any
 * thread.
 */
#pragma once

#include "base/buf.h"

enum { WAITS_TEXT_SIZE = 240 };

enum waits_kind {
	WAITS_ANSWER, /* for somebody else, who is given up at the end */
	WAITS_TRY,    /* until something is tried again */
};

/* One wait. It lies with whoever waits; zeroed it is none. */
struct waits_entry {
	enum waits_kind kind;
	int64_t since_ms, until_ms; /* clock_ms(); until 0: no end is known */
	char text[WAITS_TEXT_SIZE]; /* what for, and for whom: "no answer from ghcr.io" */
	struct waits_entry *next, *previous;
	bool listed;
};

/* The wait that has lasted longest, of those that last a second or more. */
struct waits_view {
	unsigned count; /* waits in all; 0: the rest means nothing */
	struct waits_entry oldest;
};

/* Begins a wait, of which text tells; all else is set. */
void waits_begin(struct waits_entry *entry, const char *format, ...) printf_like(2, 3);
/* Ends it; also for none. */
void waits_end(struct waits_entry *entry);
/* Takes a picture. */
void waits_look(struct waits_view *out);
/*
 * Appends what view shows, for people: "trying again in 5 s: ghcr.io: HTTP 503 (and 3 more)".
 * Whole seconds, so that it can be drawn again and again.
 */
void waits_print(const struct waits_view *view, int64_t now_ms, struct buf *out);
