/*
 * The live display: a small block at the bottom of the terminal, redrawn in place a few times a
 * second by a thread of its own.
 *
 * Finished images and log lines scroll above it. It uses only "cursor up" and "erase", and never
 * leaves the cursor hidden or a colour on between two writes, so the terminal needs no repair when
 * the process is killed. All functions may be called from any thread, display_open() and
 * display_close() from one.
 */
#pragma once

#include "base/arena.h"
#include "plan/progress.h"
#include "report/frame.h"

#include <stdbool.h>

struct display;

/* A finished image, as one line. The texts are made harmless here. */
struct display_event {
	char mark; /* '+' copied, '=' skipped, 'x' failed */
	const char *source, *destination;
	const char *detail; /* what happened to the image */
};

/* The columns of the terminal on stderr; 80 when it does not say. */
unsigned display_columns(void);
/* True where stderr can show it: TERM is set and not "dumb". */
bool display_possible(void);
/*
 * Starts the display on stderr. hook_log: the log goes to the same terminal, so its lines are
 * written above the block. The memory belongs to arena, which must outlive the display. NULL when
 * it cannot start.
 */
struct display *display_open(struct arena *arena, struct progress *progress, bool hook_log);
/* Ends the thread and removes the block; the cursor is where it began. *display may be NULL. */
void display_close(struct display **display);

/* Sets the figures of the first line; they only grow. */
void display_count(struct display *display, const struct frame_counts *counts);
/* Writes one line above the block. */
void display_finished(struct display *display, const struct display_event *event);
