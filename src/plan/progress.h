/*
 * What is happening right now, for the display: counters and the transfers in flight.
 *
 * copy/ and registry/ write, report/ reads a snapshot a few times a second. Counters are atomic,
 * the table of transfers has its own lock. Nothing here influences the run.
 */
#pragma once

#include "oci/reference.h"

#include <stdint.h>

struct progress;

enum { PROGRESS_TRANSFERS = 64, PROGRESS_NAME_SIZE = 96, PROGRESS_BLOB_SIZE = 13 };

/* What is sent where. */
struct progress_blob {
	const struct reference *source; /* the image */
	const char *to;                 /* the destination's host */
	const char *digest;             /* of the blob */
	int64_t size;
};

/* One blob on its way. Names that are too long lose their beginning. */
struct progress_transfer {
	char image[PROGRESS_NAME_SIZE]; /* "library/nginx:1.28" */
	char to[PROGRESS_NAME_SIZE];    /* the destination's host */
	char blob[PROGRESS_BLOB_SIZE];  /* the first digits of its digest */
	int64_t done, size;             /* bytes */
	int64_t since_ms;               /* clock_ms() at its start */
};

struct progress_view {
	int64_t bytes;           /* uploaded so far in this run */
	int64_t left;            /* bytes that are still to be sent, as far as is known */
	size_t sized;            /* images under way of which all blobs are known */
	bool several;            /* there have been blobs for more than one host */
	int64_t requests_source; /* HTTP requests answered, token requests included */
	int64_t requests_target;
	unsigned transfers; /* used entries of transfer[], oldest first */
	struct progress_transfer transfer[PROGRESS_TRANSFERS];
};

struct progress *progress_new(void);
void progress_free(struct progress **progress);

/*
 * A blob is to be sent to a server, which is only compared, unless that was known or has been done.
 * The size is the manifest's word, whatever it is.
 */
void progress_expect(struct progress *progress, const void *server, const char *digest,
		     int64_t size);
/* The blob need not be sent any more: it is there, or could not be sent for now. */
void progress_settle(struct progress *progress, const void *server, const char *digest,
		     int64_t size, bool there);
/* All blobs of an image under way are known (1), or it is not under way any more (-1). */
void progress_sized(struct progress *progress, int change);
/* Claims a slot for a blob. Returns its number, -1 when all are in use. */
int progress_begin(struct progress *progress, const struct progress_blob *blob);
/* bytes more of the transfer in slot were sent; slot may be -1. */
void progress_advance(struct progress *progress, int slot, int64_t bytes);
void progress_end(struct progress *progress, int slot);
/* Counts one HTTP request to the source or the target side. */
void progress_request(struct progress *progress, bool target);
/* A consistent copy for the display. */
void progress_view(struct progress *progress, struct progress_view *view);
