/*
 * Worker threads that run loops: pool_each(pool, n, fn, ctx) calls fn(ctx, 0) to fn(ctx, n - 1).
 *
 * The calling thread works too, and fn may call pool_each() again: images, their children and their
 * blobs are the same call three times. Idle workers take from the newest loop first, so what was
 * begun is finished before more is begun. Every loop is finished by its own caller if nobody helps,
 * so nesting cannot deadlock and width 1 is a serial run in index order. Safe from any thread.
 *
 * Loops may work for parties, in practice registries, of which one may be slow: idle workers help
 * where the fewest threads are busy already, so threads that hang on one party leave the others
 * theirs; where that is much the same, they take the lowest number. What a call begins with
 * pool_each() works for the same parties. All calls of a loop work for the run of its caller
 * (cancel.h); one pool may serve many runs at a time.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;

/* A pool in which at most width threads work, the caller included. NULL without memory. */
struct pool *pool_new(unsigned width);
/* Waits for the workers to end; no loop may be running. *pool may be NULL. */
void pool_free(struct pool **pool);
/* Runs fn for every index and returns when all calls have returned. */
void pool_each(struct pool *pool, size_t n, void (*fn)(void *ctx, size_t index), void *ctx);

/*
 * From now on, what this thread begins with pool_each() and pool_try() is called by it alone, in
 * order; false: by whoever is idle again. Returns what was before.
 */
bool pool_alone(bool alone);

/*
 * The same for calls that can fail. After the first failure, or a request to stop, no further call
 * begins. False: *err is the first failure, or ERROR_CANCELED when a call was left out.
 */
bool pool_try(struct pool *pool, size_t n, bool (*fn)(void *ctx, size_t index, struct error *err),
	      void *ctx, struct error *err);

enum { POOL_PARTIES = 2 };

/* How many threads are busy for it at this time; the pool's own. */
struct pool_party {
	unsigned busy;
};

enum { POOL_ALONE = 0 };

/* A loop over some numbers, ascending, for some parties. */
struct pool_lane {
	const size_t *numbers;
	const unsigned *groups; /* the group of each number, or POOL_ALONE; NULL: all are alone */
	size_t n;               /* > 0 */
	struct pool_party *parties[POOL_PARTIES];
};

/*
 * Runs fn for each number of each lane and returns when all calls have returned. With width 1 the
 * calls are in the order of the numbers, whatever lane they are in. False without memory, before
 * the first call.
 *
 * Numbers of one group, in several lanes, wait for each other: when one of them has begun, idle
 * workers begin the others before anything else, as long as their last party has about as many
 * threads as that of any other lane.
 */
bool pool_lanes(struct pool *pool, const struct pool_lane *lanes, size_t count,
		void (*fn)(void *ctx, size_t number), void *ctx);
