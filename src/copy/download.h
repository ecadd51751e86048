/*
 * A blob as one stream of bytes, however often the connection to its source breaks.
 *
 * After a failure the download waits, asks for the rest (RFC 9110, 14: Range with If-Range) and
 * goes on where it stopped; whoever reads sees nothing of it, so the upload that pulls it stays
 * open. Progress resets the count of tries. Zeroed is closable. One thread at
 * a time.
 */
#pragma once

#include "base/reader.h"
#include "oci/manifest.h"
#include "store/store.h"

struct download {
	struct reader reader; /* the bytes, never more than the descriptor says */
	const struct store *from;
	const struct descriptor *blob;
	struct reader *stream; /* the connection that is open; NULL: none */
	struct blob_part part;
	int64_t offset;    /* bytes handed out */
	int64_t discard;   /* bytes of the stream that were handed out before */
	int64_t mark;      /* offset when the tries were counted from 0 */
	int64_t marked_ms; /* clock_ms() then */
	unsigned attempt;  /* failures since */
};

/*
 * Opens the blob at offset, less than its size. from and blob must outlive the download. fresh: no
 * cache on the way may answer, since what came before did not fit its digest.
 */
bool download_open(struct download *download, const struct store *from,
		   const struct descriptor *blob, int64_t offset, bool fresh, struct error *err);
/* The same without asking anything yet: the first read opens it. */
void download_prepare(struct download *download, const struct store *from,
		      const struct descriptor *blob, int64_t offset, bool fresh);
/*
 * After the last byte and a digest that fits: the source must have nothing more. A connection that
 * breaks there, when all is known to be right, is no failure. Gives the connection back.
 */
bool download_end(struct download *download, struct error *err);
void download_close(struct download *download);
