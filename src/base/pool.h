/*
 * Worker threads that run loops: pool_each(pool, n, fn, ctx) calls fn(ctx, 0) to fn(ctx, n - 1).
 *
 * The calling thread works too, and fn may call pool_each() again: images, their children and their
 * blobs are three nested calls. Idle workers take from the newest loop first, so work under way is
 * finished before more begins. The caller finishes its own loop if nobody helps, so nesting cannot
 * deadlock, and width 1 is a serial run in index order. Safe from any thread.
 *
 * A loop may work for parties, in practice registries, and one of them may be slow. Idle workers
 * join the loop whose parties have the fewest busy threads, so threads that hang on one party never
 * keep all workers from the others. A nested pool_each() works for the same parties.
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
 * The same for calls that can fail. After the first failure, or a request to stop, no further call
 * begins. False: *err is the first failure, or ERROR_CANCELED when a call was left out.
 */
bool pool_try(struct pool *pool, size_t n, bool (*fn)(void *ctx, size_t index, struct error *err),
	      void *ctx, struct error *err);

enum { POOL_PARTIES = 2 };

/* Counts the threads that are busy for one party; maintained by the pool. */
struct pool_party {
	unsigned busy;
};

/* A loop over n ascending numbers, for some parties. */
struct pool_lane {
	const size_t *numbers;
	size_t n; /* > 0 */
	struct pool_party *parties[POOL_PARTIES];
};

/*
 * Runs fn for each number of each lane and returns when all calls have returned. With width 1 the
 * calls are in the order of the numbers, whatever lane they are in. False without memory, before
 * the first call.
 */
bool pool_lanes(struct pool *pool, const struct pool_lane *lanes, size_t count,
		void (*fn)(void *ctx, size_t number), void *ctx);
