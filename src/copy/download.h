/*
 * A blob as one stream of bytes, however often the connection to its source breaks.
 *
 * After a failure the download waits, requests the rest (RFC 9110, 14: Range with If-Range) and
 * goes on where it stopped. The reader does not notice, so the upload that it feeds stays open.
 * Progress resets the count of tries. Zeroed is closable. One thread at a time.
 */
#pragma once

#include "base/reader.h"
#include "base/retry.h"
#include "oci/manifest.h"
#include "store/store.h"

struct download {
	struct reader reader; /* gives the bytes, never more than the descriptor says */
	const struct store *from;
	const struct descriptor *blob;
	struct reader *stream; /* the open connection; NULL: there is none */
	struct blob_part part;
	const struct retry_policy *policy;
	int64_t end;       /* the byte after the last one */
	int64_t offset;    /* bytes handed out, or skipped before */
	int64_t discard;   /* bytes of the stream to skip, because they were handed out before */
	int64_t mark;      /* the offset at which the count of tries was last reset */
	int64_t marked_ms; /* clock_ms() at that moment */
	unsigned attempt;  /* number of failures since then */
	bool piece;        /* see download_piece() */
};

/*
 * Opens the blob at offset, less than its size. from and blob must outlive the download. fresh: no
 * cache on the way may answer, because earlier bytes did not match the digest.
 */
bool download_open(struct download *download, const struct store *from,
		   const struct descriptor *blob, int64_t offset, bool fresh, struct error *err);
/* The same without a request: the first read opens the blob. */
void download_prepare(struct download *download, const struct store *from,
		      const struct descriptor *blob, int64_t offset, bool fresh);
/* Opens what was prepared, as download_open() does it. */
bool download_begin(struct download *download, struct error *err);
/*
 * Prepares one piece of the blob, from offset to end, of the entity with that tag, or "". There are
 * few tries: whoever asks for pieces can also ask for the rest. What comes instead of the piece, as
 * from a source without ranges, is not read: ERROR_UNSUPPORTED.
 */
void download_piece(struct download *download, const struct store *from,
		    const struct descriptor *blob, int64_t offset, int64_t end, const char *etag);
/* Closes the connection: the next read opens the blob at offset. */
void download_move(struct download *download, int64_t offset);
/*
 * After the last byte, with a digest that matches: checks that the source has nothing more. A
 * connection that breaks at this point is no failure. Gives the connection back.
 */
bool download_end(struct download *download, struct error *err);
void download_close(struct download *download);
