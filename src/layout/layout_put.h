/*
 * Manifests and tags that are put into a layout. What has been put is in index.json, on disk; of an
 * archive it is in memory until its end.
 */
#pragma once

#include "layout/layout.h"
#include "store/store.h"

/* named: the digest by which the destination of the rule names its image; NULL: it has a tag. */
bool layout_put(struct layout *layout, const char *named, const struct push *push,
		struct push_answer *answer, struct error *err);
