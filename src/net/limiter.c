/*
 * A wait is a row of short ones, so that the request to stop is seen; whoever waits out a pause
 * finds the window behind it, so the end of a pause is no burst either.
 */
#include "net/limiter.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/map.h"
#include "net/pace.h"

#include <pthread.h>

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
	if (!origin || !(origin->name = arena_string(limiter->arena, name)) ||
	    !map_put(&limiter->origins, str_of(name), origin))
		return NULL;
	cond_init(&origin->changed);
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
	if (milliseconds < 0 || milliseconds > WAIT_MAX_MS)
		milliseconds = WAIT_MAX_MS;
	cond_wait_ms(&origin->changed, &origin->lock, milliseconds);
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
		return error_canceled(err);
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
