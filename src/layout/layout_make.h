/* Makes layouts that are not there yet. */
#pragma once

#include "layout/layout.h"

/*
 * Makes the layout if it is not there, and removes what killed processes have left in it: once in a
 * run. ERROR_REFUSED: the folder has something else in it.
 */
bool layout_make(struct layout *layout, struct error *err);
/* The same for a folder, by a caller who has its lock. */
bool layout_make_ready(struct layout *layout, struct error *err);
/*
 * True for a folder that was a layout before this run wrote to it, so that it may hold blobs which
 * others can share. What this run has put there is known without a look (store/locations.h).
 */
bool layout_make_predates(struct layout *layout);
