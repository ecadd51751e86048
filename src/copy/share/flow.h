/*
 * One stream of bytes with several readers, each at its own position.
 *
 * The reader that has taken all bytes reads on from the source, for all of them; bytes that the
 * others have not taken yet stay in a ring. A reader that the others had to wait for too long is
 * dropped, and has to read elsewhere. Any thread, but only one at a time for each cursor.
 */
#pragma once

#include "base/reader.h"

#include <stdint.h>

enum { FLOW_RING_MAX = 512 * 1024 }; /* bytes that the fastest reader may be ahead */

struct flow;

struct flow_source {
	struct reader *reader; /* gives size bytes, or fails; used by one thread at a time */
	/* Called once, after the last byte; false: the source has more. */
	bool (*end)(struct reader *reader, struct error *err);
	int64_t size; /* > 0 */
};

/* The position of one reader. Zeroed before flow_join(), but for grace_ms. */
struct flow_cursor {
	struct flow_cursor *next;
	int64_t grace_ms;   /* how long it may hold up the others beyond a fixed part of the time */
	int64_t offset;     /* bytes taken */
	int64_t held_ms;    /* how long the others have waited for it */
	int64_t held_since; /* clock_ms() at which the present wait began; 0: there is none */
	bool joined;        /* it is one of the flow's readers */
	bool dropped;       /* flow_read() fails: the bytes it needs are gone */
};

/* source->reader must outlive the flow. NULL without memory. */
struct flow *flow_new(const struct flow_source *source);
/* No reader may be left. *flow may be NULL. */
void flow_free(struct flow **flow);

/* True while a new reader still gets all bytes from the first on. */
bool flow_open(struct flow *flow);
/* Adds a reader at the first byte. False: it comes too late. cursor must not be moved. */
bool flow_join(struct flow *flow, struct flow_cursor *cursor);
/*
 * Removes a reader, at any position; the others no longer wait for it. Returns how many
 * milliseconds it has held them up beyond that part of the time.
 */
int64_t flow_leave(struct flow *flow, struct flow_cursor *cursor);

/* Waits until there is a byte for the reader. False: the source failed, err says why. */
bool flow_wait(struct flow *flow, struct flow_cursor *cursor, struct error *err);
/*
 * Reads at most size bytes; *got is 0 only at the end. False: the source failed, or the reader was
 * dropped (cursor->dropped).
 */
bool flow_read(struct flow *flow, struct flow_cursor *cursor, void *at, size_t size, size_t *got,
	       struct error *err);
/* For a reader that has all bytes. False: the source has more, or failed. */
bool flow_end(struct flow *flow, struct error *err);
