/*
 * Manifests and tags that are put into a layout, or taken out. What has been put is in index.json,
 * on disk; of an archive it is in memory until its end.
 */
#pragma once

#include "layout/layout.h"
#include "store/store.h"

/* named: the digest by which the destination of the rule names its image; NULL: it has a tag. */
bool layout_put(struct layout *layout, const char *named, const struct push *push,
		struct push_answer *answer, struct error *err);
/*
 * Takes the entries of a tag, or those of a digest without a name, out of index.json; blobs stay.
 * STORE_NOT_SO: it is an archive.
 */
bool layout_put_away(struct layout *layout, const char *reference, enum store_removal *out,
		     struct error *err);
