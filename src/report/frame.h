/*
 * One frame of the live display, as text: what is drawn, not how it gets onto the terminal.
 *
 *	images 12/340   3 copied   8 in sync   1 failed
 *	1.234GB of at least 2.5GB   45.38MB/s   1m02s   over 27s left
 *	  trying again in 5 s: ghcr.io: HTTP 503 (and 3 more)
 *	  library/nginx:1.28 3f4a1b2c9d0e  [#######---------]  45%  20.42MB/45.38MB
 *	  and 3 more transfers
 *
 * Pure: a unit test can check every frame. No line is wider than the terminal.
 */
#pragma once

#include "base/buf.h"
#include "base/waits.h"
#include "plan/progress.h"

enum { FRAME_TRANSFERS = 8, FRAME_TOTALS = 3, FRAME_LINES = FRAME_TRANSFERS + FRAME_TOTALS + 2 };

/* Numbers of images. */
struct frame_counts {
	size_t done, total;
	size_t copied, would_copy, in_sync, failed; /* of those that are done */
};

struct frame {
	struct frame_counts images;
	int64_t rate; /* bytes per second */
	int64_t elapsed_ms;
	int64_t now_ms; /* clock_ms() */
	const struct progress_view *now;
	const struct waits_view *waits;
	unsigned columns, rows; /* of the terminal; 0: unknown */
};

struct frame_text {
	struct buf lines;            /* each ends with '\n' */
	unsigned count;              /* lines in it */
	unsigned width[FRAME_LINES]; /* columns of each line */
};

/* Draws frame into out, which must be zeroed or finished; buf_finish(&out->lines) ends it. */
void frame_draw(const struct frame *frame, struct frame_text *out);

/* The columns of sanitized text on a terminal; wide East Asian characters count as two. */
unsigned frame_width(struct str text);
/* Appends text, cut to columns; a text that was cut ends with "...". */
void frame_cut(struct str text, unsigned columns, struct buf *out);
/* The same, but the beginning is cut off. */
void frame_tail(struct str text, unsigned columns, struct buf *out);
