/*
 * index.json cut into pieces: the entries of its list, and the document around them. Each piece is
 * small enough to become a tree by itself, which takes fifty times the memory of its text.
 *
 * Cutting goes by quotes and brackets alone. Whether the pieces are JSON shows when they are read.
 * Pure; all pieces are slices of the text.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

struct layout_cut {
	struct str before, list, after; /* list without its brackets; empty: it is null */
};

/* False: there is no list of manifests, or the text is no JSON. */
bool layout_cut(struct str text, struct layout_cut *out);
/* How many entries a list has, between its commas. */
size_t layout_cut_count(struct str list);
/* Takes the next entry off a list, which may be empty behind a last comma. */
struct str layout_cut_entry(struct str *list);
