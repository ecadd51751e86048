/*
 * One stream of bytes with several readers, each at its own slot.
 *
 * Whoever has read all there is reads on at the source, for all of them; what the others have not
 * taken yet waits in a ring. A reader for which the others had to wait too long is dropped, and
 * goes on elsewhere. Any thread, each cursor one at a time.
 */
#pragma once

#include "base/reader.h"

#include <stdint.h>

enum { FLOW_RING_MAX = 512 * 1024 }; /* bytes that the fastest reader may be ahead */

struct flow;

struct flow_source {
	struct reader *reader; /* gives size bytes, or fails; used by one thread at a time */
	/* Called once, when all bytes were read: false when there is more. */
	bool (*end)(struct reader *reader, struct error *err);
	int64_t size; /* > 0 */
};

/* One reader's slot. Zeroed before flow_join(), but for grace_ms. */
struct flow_cursor {
	struct flow_cursor *next;
	int64_t grace_ms;   /* it may hold up the others for so long, and a part of the time */
	int64_t offset;     /* bytes taken */
	int64_t held_ms;    /* for which the others waited for it */
	int64_t held_since; /* clock_ms(); 0: nobody waits for it now */
	bool joined;
	bool dropped; /* flow_read() fails: the bytes it needs are gone */
};

/* source->reader must outlive the flow. NULL without memory. */
struct flow *flow_new(const struct flow_source *source);
/* Nobody may read any more. *flow may be NULL. */
void flow_free(struct flow **flow);

/* True when a reader that comes now still gets all bytes from the first on. */
bool flow_open(struct flow *flow);
/* Adds a reader at the first byte. False: it comes too late. cursor must stay where it is. */
bool flow_join(struct flow *flow, struct flow_cursor *cursor);
/*
 * Ends a reader, at whatever slot; nobody waits for it any more. Returns for how many milliseconds
 * it held up the others beyond that part of the time.
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
/* For a reader that has read all: whether that was all the source had. */
bool flow_end(struct flow *flow, struct error *err);
