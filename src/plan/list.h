/*
 * Lists of tags, digests and patterns, as they stand behind the ':' of a source:
 * "v1,/^v2/,sha256:...".
 *
 * An item that begins with '/' is a pattern. It ends at the first '/' behind which a ',' or nothing
 * follows and in front of which no '\' stands. So /v{1,2}/ is one pattern and /a/,/b/ are two; a
 * "/," inside a pattern is written "\/," (no tag contains either).
 */
#pragma once

#include "plan/plan.h"

/* Items of one repository, in an array with room for more. */
struct item_list {
	struct plan_item *items;
	size_t count;
};

/* How many items text has at most. */
size_t list_most(struct str text);
/*
 * Appends the items of text to list, which has room for list_most() of them; they are items of the
 * repository name. ERROR_CONFIG quotes the item and says what is wrong.
 */
bool list_parse(struct arena *arena, const struct reference *name, struct str text,
		struct item_list *list, struct error *err);
