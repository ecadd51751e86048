/*
 * A blob as one stream of bytes, read over several connections if that is faster.
 *
 * It begins as a download (download.h), and most blobs stay one. If the source is slow and the blob
 * is large, a second connection is tried; if it brings more, pieces of the blob are read by up to
 * eight (ladder.h, pieces.h) and handed out in order. Whatever goes wrong with that, the single
 * download goes on where the bytes that were handed out end. Zeroed is closable. One thread at a
 * time.
 */
#pragma once

#include "copy/download.h"
#include "copy/ladder.h"

#include <stdatomic.h>

struct pieces;

/* What the large blobs of the process have in common. */
struct ranges_budget {
	atomic_uint reading;   /* those that are being read */
	atomic_uint under_way; /* those of them that are read over several connections */
};

enum ranges_phase {
	RANGES_ONE,     /* the download */
	RANGES_TRIAL,   /* the download, and beside it bytes that only measure */
	RANGES_JOINING, /* the download up to the first byte of the pieces */
	RANGES_MANY,    /* the pieces */
};

struct ranges {
	struct reader reader; /* gives the bytes, never more than the descriptor says */
	struct download download;
	struct ranges_budget *budget; /* NULL: it stays one download */
	struct ranges_budget *reads;  /* counts this blob; NULL: none does */
	enum ranges_phase phase;
	struct pieces *pieces;
	int64_t offset;  /* bytes handed out */
	int64_t join;    /* the first byte of the pieces */
	int64_t length;  /* of a piece, at most */
	unsigned trials; /* that were begun */
	int64_t rest_ms; /* clock_ms() before which no further trial begins */
	int64_t begun_ms,
		begun;    /* clock_ms(), 0: never, and a count of bytes when a sample began */
	int64_t trial_ms; /* clock_ms() when the last trial began */
	bool settling;    /* the number of connections has just changed */
	struct ladder_sample sample; /* that is being taken */
	struct ladder_sample last;   /* the one before, of the download alone; ms 0: none */
	struct ladder_sample one;    /* the better of the last two of the download alone */
	struct ladder ladder;
};

/*
 * Like download_prepare(). budget: NULL if the source is to be asked over one connection only; else
 * it must outlive the reader.
 */
void ranges_prepare(struct ranges *ranges, const struct store *from, const struct descriptor *blob,
		    int64_t offset, bool fresh, struct ranges_budget *budget);
/* Opens what was prepared, as download_open() does it. */
bool ranges_open(struct ranges *ranges, struct error *err);
/* Like download_end(). */
bool ranges_end(struct ranges *ranges, struct error *err);
void ranges_close(struct ranges *ranges);
