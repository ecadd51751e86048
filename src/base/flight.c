/*
 * Waiting threads notice a shared failure by the count of failures, not by the failure itself: the
 * record outlives a failure, and a thread that boards later must not take an old one for new.
 */
#include "base/flight.h"

enum flight_turn flight_board(struct flight *flight, pthread_cond_t *changed, pthread_mutex_t *lock,
			      const void *cause, struct error *err)
{
	unsigned failures = flight->failures;
	while (flight->flying)
		pthread_cond_wait(changed, lock);
	if (flight->landed)
		return FLIGHT_LANDED;
	bool failed = flight->grounded || flight->failures != failures;
	if (failed && flight->failure && flight->cause == cause) {
		*err = *flight->failure;
		return FLIGHT_FAILED;
	}
	flight->flying = true;
	return FLIGHT_LEAD;
}

static void end(struct flight *flight, pthread_cond_t *changed)
{
	flight->flying = false;
	pthread_cond_broadcast(changed);
}

void flight_land(struct flight *flight, pthread_cond_t *changed)
{
	flight->landed = true;
	end(flight, changed);
}

void flight_fail(struct flight *flight, pthread_cond_t *changed, struct arena *arena,
		 enum flight_share share, const void *cause, const struct error *failure)
{
	if (share != FLIGHT_OWN && !flight->failure)
		flight->failure = arena_new_of(arena, struct error);
	if (share != FLIGHT_OWN && flight->failure) {
		*flight->failure = *failure;
		flight->cause = cause;
		flight->failures++;
		flight->grounded = share == FLIGHT_ALL;
	}
	end(flight, changed);
}

void flight_drop(struct flight *flight, pthread_cond_t *changed)
{
	end(flight, changed);
}

void flight_forgive(struct flight *flight)
{
	flight->grounded = false;
}
