/*
 * A stack of open loops under one mutex. Whoever wants work takes what others already wait for, or
 * else the next index of the loop whose parties are least busy, the newest of these. A loop leaves
 * the stack when its last index is taken; its caller then waits for the calls still under way.
 *
 * Threads are started when a loop has calls for which none is idle, since a run of one image needs
 * none of them. One that could not be started is simply missing, and the next loop tries again.
 *
 * For which loop a thread works is known by a variable of the thread: the only way to tell what a
 * nested loop belongs to without passing that through everything in between. The run that it works
 * for is known in the same way (cancel_current()), and goes from a loop's caller to its helpers.
 */
#include "base/pool.h"

#include "base/cancel.h"
#include "base/thread.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

enum { STACK_BYTES = 512 * 1024 };

struct loop {
	struct loop *older;
	void (*fn)(void *ctx, size_t index);
	void *ctx;
	const size_t *numbers;  /* NULL: the indices themselves */
	const unsigned *groups; /* as in struct pool_lane */
	bool *begun;            /* for each group of all its lanes: a number of it was taken */
	size_t n, next, running;
	struct pool_party *const *parties;
	struct cancel *cancel; /* of the run that the loop is for */
	pthread_cond_t *finished;
	bool open; /* on the stack */
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct loop *newest;
	bool closing;
	size_t helpers; /* threads there may be */
	size_t threads; /* that there are */
	size_t working; /* of these, inside a call */
	pthread_t thread[];
};

static struct pool_party *const nobody[POOL_PARTIES];
static _Thread_local const struct loop *current;

static size_t number_of(const struct loop *loop, size_t index)
{
	return loop->numbers ? loop->numbers[index] : index;
}

static unsigned load_of(const struct loop *loop)
{
	unsigned load = 0;
	for (size_t i = 0; i < POOL_PARTIES; i++)
		load += loop->parties[i] ? loop->parties[i]->busy : 0;
	return load;
}

static void count_busy(const struct loop *loop, int more)
{
	for (size_t i = 0; i < POOL_PARTIES; i++)
		if (loop->parties[i])
			loop->parties[i]->busy += (unsigned)more;
}

/* Takes an index of loop; unlinks the loop with its last one. Called locked. */
static size_t take(struct pool *pool, struct loop *loop)
{
	size_t index = loop->next++;
	if (loop->groups)
		loop->begun[loop->groups[index]] = true;
	loop->running++;
	if (loop->next == loop->n) {
		struct loop **at = &pool->newest;
		while (*at != loop)
			at = &(*at)->older;
		*at = loop->older;
		loop->open = false;
	}
	return number_of(loop, index);
}

/*
 * Runs one call unlocked; returns locked. A thread counts once: what it does for a loop within a
 * call, it does for the same parties.
 */
static void run_one(struct pool *pool, struct loop *loop)
{
	const struct loop *outer = current;
	struct cancel *before = cancel_enter(loop->cancel);
	size_t number = take(pool, loop);
	if (!outer)
		count_busy(loop, 1);
	pthread_mutex_unlock(&pool->lock);
	current = loop;
	loop->fn(loop->ctx, number);
	current = outer;
	cancel_enter(before);
	pthread_mutex_lock(&pool->lock);
	if (!outer)
		count_busy(loop, -1);
	if (--loop->running == 0 && loop->next == loop->n)
		pthread_cond_signal(loop->finished);
}

/*
 * Of the lanes that are hardly busier than best, the one whose next number is lowest. So lanes go
 * forward together, and what several of them need is needed at about the same time. With few
 * threads, one more is much: then none is a little busier. Called locked.
 */
static struct loop *hindmost(const struct pool *pool, struct loop *best)
{
	unsigned most = load_of(best) + load_of(best) / 8;
	for (struct loop *at = pool->newest; at; at = at->older)
		if (at->numbers && load_of(at) <= most &&
		    number_of(at, at->next) < number_of(best, best->next))
			best = at;
	return best;
}

static unsigned last_load_of(const struct loop *loop)
{
	const struct pool_party *last = loop->parties[POOL_PARTIES - 1];
	return last ? last->busy : 0;
}

/* True when the next number of the loop belongs to a group that has begun. */
static bool is_awaited(const struct loop *loop)
{
	unsigned group = loop->groups ? loop->groups[loop->next] : POOL_ALONE;
	return group != POOL_ALONE && loop->begun[group];
}

/*
 * Of the lanes whose next number is awaited by others of its group, the one where it is lowest;
 * NULL: there is none. A party that hangs gets hardly more threads than others by that; lanes
 * without a last party, as those of another run may be, do not count for that. The other
 * parties do not count: what they are needed for is shared by the group. Called locked.
 */
static struct loop *awaited(const struct pool *pool)
{
	unsigned least = UINT_MAX;
	struct loop *best = NULL;
	for (const struct loop *at = pool->newest; at; at = at->older)
		if (at->numbers && at->parties[POOL_PARTIES - 1] && last_load_of(at) < least)
			least = last_load_of(at);
	for (struct loop *at = pool->newest; at; at = at->older)
		if (is_awaited(at) && last_load_of(at) <= least + pool->helpers / 8 &&
		    (!best || number_of(at, at->next) < number_of(best, best->next)))
			best = at;
	return best;
}

/* Called locked, with a loop open. */
static struct loop *choose(const struct pool *pool)
{
	struct loop *best = awaited(pool);
	if (best)
		return best;
	best = pool->newest;
	for (struct loop *at = best->older; at; at = at->older)
		if (load_of(at) < load_of(best))
			best = at;
	return best->numbers ? hindmost(pool, best) : best;
}

static void *worker(void *arg)
{
	struct pool *pool = arg;
	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		if (!pool->newest) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pool->working++;
		run_one(pool, choose(pool));
		pool->working--;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Called locked. */
static void start_threads(struct pool *pool, size_t wanted)
{
	while (pool->threads < wanted &&
	       thread_start(&pool->thread[pool->threads], STACK_BYTES, worker, pool))
		pool->threads++;
}

struct pool *pool_new(unsigned width)
{
	unsigned helpers = width > 1 ? width - 1 : 0;
	struct pool *pool = calloc(1, sizeof(*pool) + helpers * sizeof(pool->thread[0]));
	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->helpers = helpers;
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

/* The open loop that its own caller is to go on with, NULL when all are taken. Called locked. */
static struct loop *own_next(struct loop *loops, size_t count)
{
	struct loop *best = NULL;
	for (size_t i = 0; i < count; i++) {
		struct loop *at = &loops[i];
		if (!at->open)
			continue;
		unsigned load = load_of(at), least = best ? load_of(best) : load;
		if (!best || load < least ||
		    (load == least && number_of(at, at->next) < number_of(best, best->next)))
			best = at;
	}
	return best;
}

/* Finds helpers for loops that were just opened; their caller takes one call. Called locked. */
static void find_helpers(struct pool *pool, const struct loop *loops, size_t count)
{
	size_t calls = 0, all = 0, idle = pool->threads - pool->working;
	for (size_t i = 0; i < count; i++)
		calls += loops[i].n;
	if (calls <= 1)
		return;
	for (size_t i = 1; i < calls && i <= idle; i++)
		pthread_cond_signal(&pool->work);
	if (pool->threads == pool->helpers)
		return;
	for (const struct loop *at = pool->newest; at; at = at->older)
		all += at->n - at->next;
	size_t missing = all - 1 > idle ? all - 1 - idle : 0;
	size_t room = pool->helpers - pool->threads;
	start_threads(pool, pool->threads + (missing < room ? missing : room));
}

/* Runs loops that were filled in but for what ties them together. */
static void run_loops(struct pool *pool, struct loop *loops, size_t count)
{
	pthread_cond_t finished;
	struct loop *mine;
	pthread_cond_init(&finished, NULL);
	pthread_mutex_lock(&pool->lock);
	for (size_t i = count; i > 0; i--) {
		struct loop *at = &loops[i - 1];
		at->finished = &finished;
		at->cancel = cancel_current();
		at->open = true;
		at->older = pool->newest;
		pool->newest = at;
	}
	find_helpers(pool, loops, count);
	while ((mine = own_next(loops, count)))
		run_one(pool, mine);
	for (struct loop *at = loops; at < loops + count; at++)
		while (at->running)
			pthread_cond_wait(&finished, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_destroy(&finished);
}

static _Thread_local bool alone_here;

bool pool_alone(bool alone)
{
	bool before = alone_here;
	alone_here = alone;
	return before;
}

void pool_each(struct pool *pool, size_t n, void (*fn)(void *ctx, size_t index), void *ctx)
{
	for (size_t i = 0; alone_here && i < n; i++)
		fn(ctx, i);
	if (alone_here)
		return;
	struct loop loop = {
		.fn = fn, .ctx = ctx, .n = n, .parties = current ? current->parties : nobody};
	if (n)
		run_loops(pool, &loop, 1);
}

/* A loop of calls that can fail. */
struct trial {
	bool (*fn)(void *ctx, size_t index, struct error *err);
	void *ctx;
	pthread_mutex_t lock; /* guards what follows */
	bool failed, left_out;
	struct error *err;
};

/* True when no further call is to begin. */
static bool is_over(struct trial *trial)
{
	bool stop = cancel_requested();
	pthread_mutex_lock(&trial->lock);
	bool failed = trial->failed;
	trial->left_out |= stop;
	pthread_mutex_unlock(&trial->lock);
	return failed || stop;
}

static void try_one(void *ctx, size_t index)
{
	struct trial *trial = ctx;
	struct error err;
	if (is_over(trial) || trial->fn(trial->ctx, index, &err))
		return;
	pthread_mutex_lock(&trial->lock);
	if (!trial->failed)
		*trial->err = err;
	trial->failed = true;
	pthread_mutex_unlock(&trial->lock);
}

bool pool_try(struct pool *pool, size_t n, bool (*fn)(void *ctx, size_t index, struct error *err),
	      void *ctx, struct error *err)
{
	struct trial trial = {.fn = fn, .ctx = ctx, .lock = PTHREAD_MUTEX_INITIALIZER, .err = err};
	pool_each(pool, n, try_one, &trial);
	pthread_mutex_destroy(&trial.lock);
	/* What really went wrong says more than that the run was stopped. */
	if (!trial.failed && trial.left_out)
		return error_canceled(err);
	return !trial.failed;
}

/* The highest number of a group. */
static unsigned last_group(const struct pool_lane *lanes, size_t count)
{
	unsigned last = POOL_ALONE;
	for (const struct pool_lane *lane = lanes; lane < lanes + count; lane++)
		for (size_t i = 0; lane->groups && i < lane->n; i++)
			if (lane->groups[i] > last)
				last = lane->groups[i];
	return last;
}

bool pool_lanes(struct pool *pool, const struct pool_lane *lanes, size_t count,
		void (*fn)(void *ctx, size_t number), void *ctx)
{
	struct loop *loops = calloc(count + 1, sizeof(*loops));
	bool *begun = calloc((size_t)last_group(lanes, count) + 1, sizeof(*begun));
	if (!loops || !begun) {
		free(loops);
		free(begun);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		loops[i] = (struct loop){.fn = fn,
					 .ctx = ctx,
					 .numbers = lanes[i].numbers,
					 .groups = lanes[i].groups,
					 .begun = begun,
					 .n = lanes[i].n,
					 .parties = lanes[i].parties};
	if (count)
		run_loops(pool, loops, count);
	free(begun);
	free(loops);
	return true;
}
