/*
 * What is happening right now, for the display: counters and the transfers in flight.
 *
 * copy/ and registry/ write, report/ reads a snapshot a few times a second. Counters are atomic,
 * the table of transfers has its own lock. Nothing here influences the run.
 */
#pragma once

#include "base/str.h"

struct progress;

enum { PROGRESS_TRANSFERS = 64, PROGRESS_LABEL_SIZE = 96 };

/* One blob on its way. */
struct progress_transfer {
	char label[PROGRESS_LABEL_SIZE]; /* repository and short digest; "" marks a free slot */
	int64_t done, size;              /* bytes */
	int64_t since_ms;                /* clock_ms() at its start */
};

struct progress_view {
	int64_t bytes;           /* uploaded so far in this run */
	int64_t requests_source; /* HTTP requests answered, token requests included */
	int64_t requests_target;
	unsigned transfers; /* used entries of transfer[], oldest first */
	struct progress_transfer transfer[PROGRESS_TRANSFERS];
};

struct progress *progress_new(void);
void progress_free(struct progress **progress);

/* Claims a slot for a blob of size bytes. Returns its number, -1 when all are in use. */
int progress_begin(struct progress *progress, const char *label, int64_t size);
/* bytes more of the transfer in slot were sent; slot may be -1. */
void progress_advance(struct progress *progress, int slot, int64_t bytes);
void progress_end(struct progress *progress, int slot);
/* Counts one HTTP request to the source or the target side. */
void progress_request(struct progress *progress, bool target);
/* A consistent copy for the display. */
void progress_view(struct progress *progress, struct progress_view *view);
