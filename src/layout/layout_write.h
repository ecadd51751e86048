/*
 * Writing to a layout so that whoever reads it, and whoever writes to it at the same time, finds it
 * valid at any moment: new files get their name when they are complete and on disk, and index.json,
 * which is replaced, comes last.
 *
 * Processes that write take turns by a lock (flock) of the file oci-layout, which is never
 * replaced. It is held for as long as index.json is changed, not while blobs are written.
 */
#pragma once

#include "layout/layout.h"

/* A file that is being written under another name. Zeroed but for fd -1 it is closed. */
struct layout_draft {
	int folder; /* that it will be in, not its own; NULL name: unused */
	int fd;     /* open for writing; -1: closed */
	char name[48];
};

/*
 * Makes the layout if it is not there, and removes what killed processes have left in it: once in a
 * run. ERROR_REFUSED: the folder has something else in it.
 */
bool layout_prepare(struct layout *layout, struct error *err);
/* Begins a file in folder, which outlives the draft. */
bool layout_draft_open(const struct layout *layout, int folder, struct layout_draft *out,
		       struct error *err);
/* Appends to it. */
bool layout_draft_write(const struct layout *layout, struct layout_draft *draft, const void *bytes,
			size_t len, struct error *err);
/* Puts it on disk and gives it its name, in place of a file that has it. */
bool layout_draft_keep(const struct layout *layout, struct layout_draft *draft, const char *name,
		       struct error *err);
/* Removes it, unless it is closed or was kept. */
void layout_draft_close(struct layout_draft *draft);

/* A change of index.json: no other thread or process makes one at the same time. */
struct layout_change {
	struct layout *layout; /* its index is up to date; NULL: not begun */
	int lock;
};

bool layout_change_begin(struct layout *layout, struct layout_change *out, struct error *err);
/* Replaces index.json; what it names is put on disk before. */
bool layout_change_write(struct layout_change *change, struct str text, struct error *err);
void layout_change_end(struct layout_change *change);
