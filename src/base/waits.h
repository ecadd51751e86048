/*
 * What threads are waiting for at this moment: a silent server, the time of the next try.
 *
 * The code that waits, deep below, lists its wait here, and the display and the heartbeat show it.
 * There is one table for the process, as there is one log. Nothing here influences the run. Any
 * thread.
 */
#pragma once

#include "base/buf.h"

enum { WAITS_TEXT_SIZE = 240 };

enum waits_kind {
	WAITS_ANSWER, /* for a server, which is given up at the end */
	WAITS_TRY,    /* until something is tried again */
};

/* One wait, kept by the thread that waits; zeroed, it is none. */
struct waits_entry {
	enum waits_kind kind;
	int64_t since_ms, until_ms; /* clock_ms(); until_ms 0: the end is not known */
	char text[WAITS_TEXT_SIZE]; /* the reason: "no answer from ghcr.io" */
	struct waits_entry *next, *previous;
	bool listed;
};

/* The longest wait among those of a second or more. */
struct waits_view {
	unsigned count; /* number of such waits; 0: the other members are unset */
	struct waits_entry oldest;
};

/* Begins a wait with a text; the caller has set the other members. */
void waits_begin(struct waits_entry *entry, const char *format, ...) printf_like(2, 3);
/* Ends the wait, if it has begun. */
void waits_end(struct waits_entry *entry);
/* Takes a snapshot of the table. */
void waits_look(struct waits_view *out);
/*
 * Appends what view shows, for people: "trying again in 5 s: ghcr.io: HTTP 503 (and 3 more)". Times
 * are whole seconds, so that a redrawn text does not flicker.
 */
void waits_print(const struct waits_view *view, int64_t now_ms, struct buf *out);
