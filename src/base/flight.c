/*
 * Waiting threads notice a shared failure by the count of failures, not by the failure itself: the
 * record outlives a failure, and a thread that boards later must not take an old one for new.
 */
#include "base/flight.h"

#include "base/clock.h"

enum flight_turn flight_board(struct flight *flight, pthread_cond_t *changed, pthread_mutex_t *lock,
			      const void *cause, struct error *err)
{
	unsigned failures = flight->failures;
	while (flight->flying)
		pthread_cond_wait(changed, lock);
	if (flight->landed)
		return FLIGHT_LANDED;
	bool failed = clock_ms() < flight->grounded_until || flight->failures != failures;
	if (failed && flight->failure && flight->cause == cause) {
		*err = *flight->failure;
		return FLIGHT_FAILED;
	}
	flight->flying = true;
	return FLIGHT_LEAD;
}

enum flight_turn flight_again(struct flight *flight)
{
	flight->flying = true;
	return FLIGHT_LEAD;
}

static void end(struct flight *flight, pthread_cond_t *changed, bool landed)
{
	flight->flying = false;
	flight->landed = landed;
	pthread_cond_broadcast(changed);
}

void flight_land(struct flight *flight, pthread_cond_t *changed)
{
	end(flight, changed, true);
}

/* Notes a failure for others. False without memory. */
static bool note(struct flight *flight, struct arena *arena, const void *cause,
		 const struct error *failure)
{
	if (!flight->failure)
		flight->failure = arena_new_of(arena, struct error);
	if (!flight->failure)
		return false;
	*flight->failure = *failure;
	flight->cause = cause;
	return true;
}

void flight_fail(struct flight *flight, pthread_cond_t *changed, struct arena *arena,
		 enum flight_share share, const void *cause, const struct error *failure)
{
	if (share != FLIGHT_OWN && note(flight, arena, cause, failure)) {
		flight->failures++;
		flight->grounded_until = share == FLIGHT_ALL ? INT64_MAX : 0;
	}
	end(flight, changed, false);
}

void flight_drop(struct flight *flight, pthread_cond_t *changed)
{
	end(flight, changed, false);
}

void flight_ground(struct flight *flight, struct arena *arena, int64_t milliseconds,
		   const struct error *failure)
{
	if (note(flight, arena, NULL, failure))
		flight->grounded_until = clock_ms() + milliseconds;
}

void flight_forgive(struct flight *flight)
{
	flight->grounded_until = 0;
}
