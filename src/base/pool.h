/*
 * Worker threads that run loops: pool_each(pool, n, fn, ctx) calls fn(ctx, 0) to fn(ctx, n - 1).
 *
 * The calling thread works too, and fn may call pool_each() again: images, their children and their
 * blobs are the same call three times. Idle workers take from the newest loop first, so what was
 * begun is finished before more is begun. Every loop is finished by its own caller if nobody helps,
 * so nesting cannot deadlock and width 1 is a serial run in index order. Safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct pool;

/* A pool in which at most width threads work, the caller included. NULL without memory. */
struct pool *pool_new(unsigned width);
/* Waits for the workers to end; no loop may be running. *pool may be NULL. */
void pool_free(struct pool **pool);
/* Runs fn for every index and returns when all calls have returned. */
void pool_each(struct pool *pool, size_t n, void (*fn)(void *ctx, size_t index), void *ctx);
