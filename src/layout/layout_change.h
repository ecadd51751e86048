/*
 * Changes of index.json. It is replaced, and comes after all that it names.
 *
 * Processes that write take turns by a lock (flock) of the file oci-layout, which is never
 * replaced. It is held for as long as index.json is changed, not while blobs are written.
 */
#pragma once

#include "layout/layout.h"

/* A change of index.json: no other process makes one at the same time. */
struct layout_change {
	struct layout *layout; /* NULL: not begun */
	int lock;
};

/*
 * Makes the layout if need be. layout->index is up to date then, and its next version may be made,
 * under the layout's lock and with memory of layout->arena. One thread of a layout at a time;
 * others read what was there before.
 */
bool layout_change_begin(struct layout *layout, struct layout_change *out, struct error *err);
/* Makes index.json the next version; what it names is put on disk before. */
bool layout_change_write(struct layout_change *change, struct error *err);
/* What was not written is forgotten. */
void layout_change_end(struct layout_change *change);
