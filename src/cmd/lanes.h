/*
 * Work sorted by the registries it needs, so that a slow one does not hold up the others.
 */
#pragma once

#include "base/arena.h"
#include "base/pool.h"

/* What one piece of work needs. All is zero before lanes_needs is called. */
struct lanes_need {
	const char *hosts[POOL_PARTIES]; /* the registries; NULL: there is no second one */
	unsigned group;                  /* as in struct pool_lane */
};

typedef void lanes_needs(void *ctx, size_t number, struct lanes_need *need);

/*
 * One lane for each set of registries, with its part of the count numbers in ascending order; lives
 * in arena. NULL without memory.
 */
const struct pool_lane *lanes_build(struct arena *arena, const size_t *numbers, size_t count,
				    lanes_needs *needs, void *ctx, size_t *lane_count);
