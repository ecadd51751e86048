/*
 * A wait is a row of short ones, so that the request to stop is seen; whoever waits out a pause
 * finds the window behind it, so the end of a pause is no burst either.
 */
#include "net/limiter.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "net/pace.h"

#include <pthread.h>
#include <time.h>

enum { WAIT_MAX_MS = 250 };

struct limiter_origin {
	const char *name;
	pthread_mutex_t lock; /* guards pace */
	pthread_cond_t changed;
	struct pace pace;
};

struct limiter {
	struct arena *arena;
	unsigned per_second;
	pthread_mutex_t lock; /* guards what follows, and arena */
	struct map origins;
};

struct limiter *limiter_new(unsigned per_second)
{
	struct arena *arena = arena_new();
	struct limiter *limiter = arena ? arena_new_of(arena, struct limiter) : NULL;
	if (!limiter) {
		arena_free(&arena);
		return NULL;
	}
	limiter->arena = arena;
	limiter->per_second = per_second;
	pthread_mutex_init(&limiter->lock, NULL);
	return limiter;
}

void limiter_free(struct limiter **limiter)
{
	if (!*limiter)
		return;
	struct arena *arena = (*limiter)->arena;
	for (size_t i = 0; i < (*limiter)->origins.count; i++) {
		struct limiter_origin *origin = (*limiter)->origins.entries[i].value;
		pthread_cond_destroy(&origin->changed);
		pthread_mutex_destroy(&origin->lock);
	}
	map_finish(&(*limiter)->origins);
	pthread_mutex_destroy(&(*limiter)->lock);
	*limiter = NULL;
	arena_free(&arena);
}

/* Called locked. */
static struct limiter_origin *add(struct limiter *limiter, const char *name)
{
	struct limiter_origin *origin = arena_new_of(limiter->arena, struct limiter_origin);
	pthread_condattr_t monotonic;
	if (!origin || !(origin->name = arena_string(limiter->arena, name)) ||
	    !map_put(&limiter->origins, str_of(name), origin))
		return NULL;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&origin->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&origin->lock, NULL);
	pace_init(&origin->pace, limiter->per_second);
	return origin;
}

static struct limiter_origin *find(struct limiter *limiter, const char *name)
{
	pthread_mutex_lock(&limiter->lock);
	struct limiter_origin *origin = map_get(&limiter->origins, str_of(name));
	if (!origin)
		origin = add(limiter, name);
	pthread_mutex_unlock(&limiter->lock);
	return origin;
}

/* Called locked. Waits until something changed or milliseconds are over, or a while. */
static void wait_for(struct limiter_origin *origin, int64_t milliseconds)
{
	struct timespec until;
	if (milliseconds < 0 || milliseconds > WAIT_MAX_MS)
		milliseconds = WAIT_MAX_MS;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)milliseconds * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&origin->changed, &origin->lock, &until);
}

bool limiter_begin(struct limiter *limiter, const char *name, bool counted,
		   struct limiter_lease *lease, struct error *err)
{
	struct limiter_origin *origin = find(limiter, name);
	int64_t wait = 0;
	*lease = (struct limiter_lease){0};
	if (!origin)
		return error_memory(err);
	pthread_mutex_lock(&origin->lock);
	while ((wait = pace_begin(&origin->pace, clock_ms(), counted)) != 0 && !cancel_urgent())
		wait_for(origin, wait);
	pthread_mutex_unlock(&origin->lock);
	if (wait)
		return error_set(err, ERROR_CANCELED, "stopped by a signal");
	*lease = (struct limiter_lease){origin, clock_ms(), counted};
	return true;
}

void limiter_end(struct limiter_lease *lease, int status, int retry_after)
{
	struct limiter_origin *origin = lease->origin;
	bool refused = status == 429 || status == 503;
	if (!origin)
		return;
	pthread_mutex_lock(&origin->lock);
	if (refused)
		pace_refused(&origin->pace, clock_ms(), lease->began_ms, retry_after);
	else if (status && status < 500)
		pace_good(&origin->pace);
	if (lease->counted)
		pace_end(&origin->pace);
	unsigned window = origin->pace.window;
	pthread_cond_broadcast(&origin->changed);
	pthread_mutex_unlock(&origin->lock);
	lease->origin = NULL;
	if (refused)
		log_debug("%s: HTTP %d, now at most %u requests at a time", origin->name, status,
			  window);
}
