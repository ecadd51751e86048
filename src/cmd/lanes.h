/*
 * Work sorted by the registries it needs, so that a slow one does not hold up the others.
 */
#pragma once

#include "base/arena.h"
#include "base/pool.h"

/* Names the registries that one piece of work needs; NULL: no second one. */
typedef void lanes_hosts(void *ctx, size_t number, const char *hosts[POOL_PARTIES]);

/*
 * One lane for each set of registries, with its part of the count numbers in ascending order; lives
 * in arena. NULL without memory.
 */
const struct pool_lane *lanes_build(struct arena *arena, const size_t *numbers, size_t count,
				    lanes_hosts *hosts, void *ctx, size_t *lane_count);
