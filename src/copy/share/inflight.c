/* One mutex and one condition for all keys: claims are rare compared to the transfers they save. */
#include "copy/share/inflight.h"

#include "base/flight.h"
#include "base/map.h"

#include <pthread.h>

struct inflight {
	struct arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map flights;
};

struct inflight *inflight_new(void)
{
	struct arena *arena = arena_new();
	struct inflight *inflight = arena ? arena_new_of(arena, struct inflight) : NULL;
	if (!inflight) {
		arena_free(&arena);
		return NULL;
	}
	inflight->arena = arena;
	pthread_mutex_init(&inflight->lock, NULL);
	pthread_cond_init(&inflight->changed, NULL);
	return inflight;
}

void inflight_free(struct inflight **inflight)
{
	if (!*inflight)
		return;
	struct arena *arena = (*inflight)->arena;
	map_finish(&(*inflight)->flights);
	pthread_cond_destroy(&(*inflight)->changed);
	pthread_mutex_destroy(&(*inflight)->lock);
	*inflight = NULL;
	arena_free(&arena);
}

/* Caller holds the lock. NULL without memory. */
static struct flight *flight_of(struct inflight *inflight, struct str key)
{
	struct flight *flight = map_get(&inflight->flights, key);
	if (flight)
		return flight;
	flight = arena_new_of(inflight->arena, struct flight);
	return flight && map_put(&inflight->flights, key, flight) ? flight : NULL;
}

/* True for trouble with a host, as opposed to one repository, one login or memory. */
static bool concerns_host(const struct error *failure)
{
	return failure->exhausted && failure->http_status != 401 &&
	       (failure->kind == ERROR_LIMITED || failure->kind == ERROR_UNAVAILABLE ||
		failure->kind == ERROR_NETWORK || failure->kind == ERROR_UNREACHABLE);
}

enum inflight_role inflight_claim(struct inflight *inflight, struct str key, const void *cause,
				  struct error *err)
{
	static const enum inflight_role roles[] = {[FLIGHT_LEAD] = INFLIGHT_LEADS,
						   [FLIGHT_LANDED] = INFLIGHT_DONE,
						   [FLIGHT_FAILED] = INFLIGHT_FAILED};
	enum flight_turn turn = FLIGHT_LEAD;
	pthread_mutex_lock(&inflight->lock);
	struct flight *flight = flight_of(inflight, key);
	if (flight)
		turn = flight_board(flight, &inflight->changed, &inflight->lock, cause, err);
	pthread_mutex_unlock(&inflight->lock);
	return roles[turn];
}

void inflight_done(struct inflight *inflight, struct str key)
{
	pthread_mutex_lock(&inflight->lock);
	struct flight *flight = map_get(&inflight->flights, key);
	if (flight)
		flight_land(flight, &inflight->changed);
	pthread_mutex_unlock(&inflight->lock);
}

void inflight_failed(struct inflight *inflight, struct str key, const void *cause,
		     const struct error *err)
{
	pthread_mutex_lock(&inflight->lock);
	struct flight *flight = map_get(&inflight->flights, key);
	if (flight)
		flight_fail(flight, &inflight->changed, inflight->arena,
			    concerns_host(err) ? FLIGHT_WAITING : FLIGHT_OWN, cause, err);
	pthread_mutex_unlock(&inflight->lock);
}

void inflight_drop(struct inflight *inflight, struct str key)
{
	pthread_mutex_lock(&inflight->lock);
	struct flight *flight = map_get(&inflight->flights, key);
	if (flight)
		flight_drop(flight, &inflight->changed);
	pthread_mutex_unlock(&inflight->lock);
}
