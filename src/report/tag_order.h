/* Tags in the order in which people read versions. Pure. */
#pragma once

#include "base/str.h"

/*
 * Below 0, 0 or above 0 as a comes before, with or behind b: numbers within tags count as numbers,
 * 1.0-rc.1 comes before 1.0, and a leading "v" makes no difference. A total order: 0 only for equal
 * tags.
 */
int tag_order(struct str a, struct str b);
