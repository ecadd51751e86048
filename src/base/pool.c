/*
 * A stack of open loops under one mutex. Whoever wants work takes the next index of the newest loop
 * that has one left. A loop leaves the stack when its last index is taken; its caller then waits
 * for the calls still under way. A worker thread that could not be started is simply missing.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { STACK_BYTES = 512 * 1024 };

struct loop {
	struct loop *older;
	void (*fn)(void *ctx, size_t index);
	void *ctx;
	size_t n, next, running;
	pthread_cond_t finished;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct loop *newest;
	bool closing;
	size_t threads;
	pthread_t thread[];
};

/* Takes an index of loop; unlinks the loop with its last one. Called locked. */
static size_t take(struct pool *pool, struct loop *loop)
{
	size_t index = loop->next++;
	loop->running++;
	if (loop->next == loop->n) {
		struct loop **at = &pool->newest;
		while (*at != loop)
			at = &(*at)->older;
		*at = loop->older;
	}
	return index;
}

/* Runs one call unlocked; returns locked. */
static void run_one(struct pool *pool, struct loop *loop)
{
	size_t index = take(pool, loop);
	pthread_mutex_unlock(&pool->lock);
	loop->fn(loop->ctx, index);
	pthread_mutex_lock(&pool->lock);
	if (--loop->running == 0 && loop->next == loop->n)
		pthread_cond_signal(&loop->finished);
}

static void *worker(void *arg)
{
	struct pool *pool = arg;
	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		if (pool->newest)
			run_one(pool, pool->newest);
		else
			pthread_cond_wait(&pool->work, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void start_threads(struct pool *pool, unsigned wanted)
{
	pthread_attr_t attributes;
	if (pthread_attr_init(&attributes) != 0)
		return;
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (pool->threads < wanted &&
	       pthread_create(&pool->thread[pool->threads], &attributes, worker, pool) == 0)
		pool->threads++;
	pthread_attr_destroy(&attributes);
}

struct pool *pool_new(unsigned width)
{
	unsigned helpers = width > 1 ? width - 1 : 0;
	struct pool *pool = calloc(1, sizeof(*pool) + helpers * sizeof(pool->thread[0]));
	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	start_threads(pool, helpers);
	return pool;
}

void pool_free(struct pool **pool)
{
	if (!*pool)
		return;
	pthread_mutex_lock(&(*pool)->lock);
	(*pool)->closing = true;
	pthread_cond_broadcast(&(*pool)->work);
	pthread_mutex_unlock(&(*pool)->lock);
	for (size_t i = 0; i < (*pool)->threads; i++)
		pthread_join((*pool)->thread[i], NULL);
	pthread_cond_destroy(&(*pool)->work);
	pthread_mutex_destroy(&(*pool)->lock);
	free(*pool);
	*pool = NULL;
}

void pool_each(struct pool *pool, size_t n, void (*fn)(void *ctx, size_t index), void *ctx)
{
	if (n == 0)
		return;
	struct loop loop = {.fn = fn, .ctx = ctx, .n = n};
	pthread_cond_init(&loop.finished, NULL);
	pthread_mutex_lock(&pool->lock);
	loop.older = pool->newest;
	pool->newest = &loop;
	if (n > 1)
		pthread_cond_broadcast(&pool->work);
	while (loop.next < loop.n)
		run_one(pool, &loop);
	while (loop.running)
		pthread_cond_wait(&loop.finished, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_destroy(&loop.finished);
}
