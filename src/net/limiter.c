/*
 * A wait is a series of short ones, so that the request to stop is seen. After a pause requests
 * still have to pass the window, so its end causes no burst.
 */
#include "net/limiter.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/map.h"
#include "base/waits.h"
#include "net/pace.h"

#include <pthread.h>
#include <string.h>

enum { WAIT_MAX_MS = 250 };

struct limiter_origin {
	const char *name;
	pthread_mutex_t lock; /* guards the members below */
	pthread_cond_t changed;
	struct pace pace;
	struct outage outage;
	atomic_bool over;   /* a copy of outage.over, for reading without the lock */
	struct error first; /* the first of the failures in a row */
	int refusal;        /* the status of the last refusal */
};

struct limiter {
	struct arena *arena;
	unsigned per_second;
	pthread_mutex_t lock; /* guards the members below, and arena */
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

/* Caller holds the lock. */
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

/*
 * Waits until something changed, or the milliseconds or a short while are over. Caller holds the
 * lock.
 */
static void wait_for(struct limiter_origin *origin, int64_t milliseconds)
{
	if (milliseconds < 0 || milliseconds > WAIT_MAX_MS)
		milliseconds = WAIT_MAX_MS;
	cond_wait_ms(&origin->changed, &origin->lock, milliseconds);
}

/* As pace_begin(): 0 when the request may begin, and then it has begun. Caller holds the lock. */
static int64_t take_turn(struct limiter_origin *origin, bool counted)
{
	int64_t now = clock_ms();
	int64_t wait = outage_wait(&origin->outage, now);
	if (!wait)
		wait = pace_begin(&origin->pace, now, counted);
	if (!wait)
		outage_began(&origin->outage, now);
	return wait;
}

/* True when a request that has to wait can begin in the remaining time. Caller holds the lock. */
static bool may_wait(const struct limiter_origin *origin, int64_t wait)
{
	bool down = outage_wait(&origin->outage, clock_ms()) > 0;
	return !cancel_requested() || !(down || wait > CANCEL_GRACE_MS || cancel_urgent());
}

/*
 * The text of an error without the host it begins with, since the message already names
 * "host:port".
 */
static const char *reason_of(const struct limiter_origin *origin, const struct error *err)
{
	size_t len = (size_t)(strrchr(origin->name, ':') - origin->name);
	bool named = strncmp(err->text, origin->name, len) == 0 &&
		     strncmp(err->text + len, ": ", 2) == 0;
	return named ? err->text + len + 2 : err->text;
}

/* True when a text has the host in it, as libcurl's have. */
static bool names_host(const struct limiter_origin *origin, const char *text)
{
	size_t len = (size_t)(strrchr(origin->name, ':') - origin->name);
	for (const char *at = text; (at = strchr(at, origin->name[0])); at++)
		if (strncmp(at, origin->name, len) == 0)
			return true;
	return false;
}

/* Lists a wait that has a cause, unlike one for a place in the window. Caller holds the lock. */
static void tell_wait(const struct limiter_origin *origin, int64_t wait, struct waits_entry *entry)
{
	int64_t now = clock_ms();
	bool down = outage_wait(&origin->outage, now) > 0;
	bool paused = now < origin->pace.paused_ms;
	if (entry->listed && entry->until_ms >= now)
		return;
	const char *reason = reason_of(origin, &origin->first);
	bool named = down && names_host(origin, reason);
	waits_end(entry);
	*entry = (struct waits_entry){.kind = WAITS_TRY, .since_ms = now, .until_ms = now + wait};
	if (down)
		waits_begin(entry, "%s%s%s", named ? "" : origin->name, named ? "" : ": ", reason);
	else if (paused)
		waits_begin(entry, "%s answered HTTP %d and asked for a pause", origin->name,
			    origin->refusal);
}

/*
 * The error of a request that a stop kept from beginning: what it was waiting for, if that has a
 * cause. Caller holds the lock.
 */
static bool stopped(const struct limiter_origin *origin, struct error *err)
{
	int64_t now = clock_ms();
	if (outage_wait(&origin->outage, now) > 0) {
		*err = origin->first;
		err->shared = (unsigned)strlen(err->text);
		return error_stopped(err);
	}
	if (now >= origin->pace.paused_ms)
		return error_canceled(err);
	error_set(err, origin->refusal == 503 ? ERROR_UNAVAILABLE : ERROR_LIMITED,
		  "%s answered HTTP %d and asked for a pause", origin->name, origin->refusal);
	err->http_status = origin->refusal;
	err->shared = (unsigned)strlen(err->text);
	return error_stopped(err);
}

static bool given_up(const struct limiter_origin *origin, struct error *err)
{
	*err = origin->first;
	err->exhausted = true;
	err->shared = (unsigned)strlen(err->text);
	return false;
}

bool limiter_begin(struct limiter *limiter, const char *name, bool counted,
		   struct limiter_lease *lease, struct error *err)
{
	struct limiter_origin *origin = find(limiter, name);
	bool ok = true;
	int64_t wait = 0;
	*lease = (struct limiter_lease){0};
	if (!origin)
		return error_memory(err);
	scoped(waits_end) struct waits_entry entry = {0};
	pthread_mutex_lock(&origin->lock);
	while (!origin->outage.over && (wait = take_turn(origin, counted)) != 0 &&
	       may_wait(origin, wait)) {
		tell_wait(origin, wait, &entry);
		wait_for(origin, wait);
	}
	if (origin->outage.over)
		ok = given_up(origin, err);
	else if (wait)
		ok = stopped(origin, err);
	int64_t patience = outage_patience(&origin->outage);
	pthread_mutex_unlock(&origin->lock);
	if (ok)
		*lease = (struct limiter_lease){.origin = origin,
						.counted = counted,
						.patience_ms = patience,
						.over = &origin->over,
						.failure = {.began_ms = clock_ms()}};
	return ok;
}

/* Ends the lease. Caller holds the lock. */
static void end(struct limiter_lease *lease)
{
	struct limiter_origin *origin = lease->origin;
	if (lease->counted)
		pace_end(&origin->pace);
	atomic_store(&origin->over, origin->outage.over);
	pthread_cond_broadcast(&origin->changed);
}

void limiter_end(struct limiter_lease *lease, int status, bool limited, int retry_after)
{
	struct limiter_origin *origin = lease->origin;
	bool refused = limited || status == 503;
	if (!origin)
		return;
	pthread_mutex_lock(&origin->lock);
	outage_answered(&origin->outage, clock_ms());
	if (refused)
		origin->refusal = status;
	if (refused)
		pace_refused(&origin->pace, clock_ms(), lease->failure.began_ms, retry_after);
	else if (status < 500)
		pace_good(&origin->pace);
	end(lease);
	unsigned window = origin->pace.window;
	pthread_mutex_unlock(&origin->lock);
	lease->origin = NULL;
	if (refused)
		log_debug("%s: HTTP %d, now at most %u requests at a time", origin->name, status,
			  window);
}

/* True for the call that gave the server up, which then reports it. Caller holds the lock. */
static bool judge(struct limiter_origin *origin, const struct outage_failure *failure,
		  struct error *err)
{
	bool before = origin->outage.over;
	if (!origin->outage.weight)
		origin->first = *err;
	switch (outage_failed(&origin->outage, clock_ms(), failure)) {
	case OUTAGE_NONE:
		break;
	case OUTAGE_WAIT:
		err->awaited = true;
		break;
	case OUTAGE_ENOUGH:
		err->exhausted = true;
		break;
	case OUTAGE_OVER:
		given_up(origin, err);
		break;
	}
	return origin->outage.over && !before;
}

void limiter_failed(struct limiter_lease *lease, struct error *err)
{
	struct limiter_origin *origin = lease->origin;
	if (!origin)
		return;
	pthread_mutex_lock(&origin->lock);
	bool tell = false;
	if (lease->failure.weight)
		tell = judge(origin, &lease->failure, err);
	else
		outage_ended(&origin->outage);
	end(lease);
	pthread_mutex_unlock(&origin->lock);
	lease->origin = NULL;
	if (tell)
		log_warn("giving up on %s for this round: %s", origin->name,
			 reason_of(origin, err));
}

void limiter_forgive(struct limiter *limiter)
{
	pthread_mutex_lock(&limiter->lock);
	for (size_t i = 0; i < limiter->origins.count; i++) {
		struct limiter_origin *origin = limiter->origins.entries[i].value;
		pthread_mutex_lock(&origin->lock);
		outage_forgive(&origin->outage);
		atomic_store(&origin->over, false);
		pthread_mutex_unlock(&origin->lock);
	}
	pthread_mutex_unlock(&limiter->lock);
}
