/*
 * The live display: a small block at the bottom of the terminal, redrawn in place a few times a
 * second by a thread of its own.
 *
 * Finished images and log lines scroll above it. It needs no more of a terminal than "cursor up"
 * and "erase", hides no cursor and keeps no colour on between two writes, so nothing has to be
 * repaired when the process is ended the hard way. All functions may be called from any thread,
 * display_open() and display_close() from one.
 */
#pragma once

#include "base/arena.h"
#include "plan/progress.h"

#include <stdbool.h>

struct display;

struct display_counts {
	size_t done, total, failed; /* images */
};

/* One image that is done, as a line for people. The texts are made harmless here. */
struct display_event {
	char mark; /* '+' copied, '=' in sync, 'x' failed */
	const char *source, *destination;
	const char *detail; /* what there is to say about it */
};

/* True where stderr can show it: TERM is set and not "dumb". */
bool display_possible(void);
/*
 * Starts the display on stderr. hook_log: the log goes to the same terminal, so its lines step in
 * between. The memory is the arena's, which must outlive the display. NULL when it cannot start.
 */
struct display *display_open(struct arena *arena, struct progress *progress, bool hook_log);
/* Ends the thread and removes the block; the cursor is where it began. *display may be NULL. */
void display_close(struct display **display);

/* What the first line shows from now on; the figures only grow. */
void display_count(struct display *display, const struct display_counts *counts);
/* Writes one line above the block. */
void display_finished(struct display *display, const struct display_event *event);
