/* The layouts below a folder, which are the repositories of a namespace. */
#pragma once

#include "base/map.h"
#include "layout/layout.h"

/*
 * Adds the paths of the layouts below name, host left out as in struct reference, to found: one
 * level below, or with deep at any depth. Links are not followed. A folder that cannot be read or
 * named is left out with a warning. ERROR_MISSING: there is no such folder.
 */
bool layout_list(struct layouts *layouts, const struct reference *name, bool deep,
		 struct map *found, struct error *err);
