/*
 * One picture of the live display, as text: what is drawn, not how it gets onto the terminal.
 *
 *	images 12/340   1 failed   1.234GB   45.38MB/s   1m02s
 *	  trying again in 5 s: ghcr.io: HTTP 503 (and 3 more)
 *	  library/nginx 3f4a1b2c9d0e  [#######---------]  45%  20.42MB/45.38MB
 *	  and 3 more transfers
 *
 * Pure: a unit test can look at every picture. No line is wider than the terminal.
 */
#pragma once

#include "base/buf.h"
#include "base/waits.h"
#include "plan/progress.h"

enum { FRAME_TRANSFERS = 8, FRAME_LINES = FRAME_TRANSFERS + 3 };

struct frame {
	size_t done, total, failed; /* images */
	int64_t rate;               /* bytes per second */
	int64_t elapsed_ms;
	int64_t now_ms; /* clock_ms() */
	const struct progress_view *now;
	const struct waits_view *waits;
	unsigned columns, rows; /* of the terminal; 0: unknown */
};

struct frame_text {
	struct buf lines;            /* each ends with '\n' */
	unsigned count;              /* lines in it */
	unsigned width[FRAME_LINES]; /* columns each takes */
};

/* Draws frame into out, which must be zeroed or finished; buf_finish(&out->lines) ends it. */
void frame_draw(const struct frame *frame, struct frame_text *out);

/* Columns that clean text takes on a terminal; wide characters of East Asia count two. */
unsigned frame_width(struct str text);
/* Appends text, cut to columns; where something was cut, the last three say "...". */
void frame_cut(struct str text, unsigned columns, struct buf *out);
/* The same, but it is the beginning that is cut off. */
void frame_tail(struct str text, unsigned columns, struct buf *out);
