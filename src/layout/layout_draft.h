/*
 * Files of a layout that are being written. They get their name when they are complete and on disk:
 * until then a reader finds nothing, or what was there before.
 */
#pragma once

#include "layout/layout.h"

/* A file that is being written under another name. Zeroed but for fd -1 it is closed. */
struct layout_draft {
	int folder; /* that it will be in, not its own */
	int fd;     /* open for writing; -1: closed */
	char name[48];
};

/* Begins a file in folder, which outlives the draft. */
bool layout_draft_open(const struct layout *layout, int folder, struct layout_draft *out,
		       struct error *err);
/* Appends to it. */
bool layout_draft_write(const struct layout *layout, struct layout_draft *draft, const void *bytes,
			size_t len, struct error *err);
/*
 * Puts it on disk and gives it its name, in place of a file that has it. *stamp, unless NULL,
 * becomes what is known of the file; all zeros if nothing is.
 */
bool layout_draft_keep(const struct layout *layout, struct layout_draft *draft, const char *name,
		       struct stat *stamp, struct error *err);
/* Removes it, unless it is closed or was kept. */
void layout_draft_close(struct layout_draft *draft);
/* Removes the drafts in folder that nobody writes to; folder -1: there is none. */
void layout_draft_sweep(const struct layout *layout, int folder);
