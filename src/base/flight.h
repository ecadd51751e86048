/*
 * One thread finds something out, the others wait for it and take the result, or the failure.
 *
 * A flight is a member of whatever record keeps the result; the record's own mutex guards it, and a
 * condition variable of that mutex wakes the threads that wait. Zeroed memory is a flight that
 * nobody has begun. The thread that leads works unlocked and ends its lead with exactly one of
 * flight_land(), flight_fail() and flight_drop(). A result may become stale: the thread that sees
 * this when it boards leads to the next one, by flight_again() before it unlocks.
 *
 *	pthread_mutex_lock(&lock);
 *	enum flight_turn turn = flight_board(&flight, &changed, &lock, cause, err);
 *	pthread_mutex_unlock(&lock);
 *	if (turn != FLIGHT_LEAD)
 *		return turn == FLIGHT_LANDED;
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <pthread.h>
#include <stdint.h>

struct flight {
	bool flying;
	bool landed;            /* there is a result, perhaps a stale one that is being replaced */
	int64_t grounded_until; /* clock_ms(): until then nobody leads, *failure is the answer */
	unsigned failures;      /* number of shared failures so far, without flight_ground() */
	struct error *failure;  /* the last shared failure; NULL: none */
	const void *cause;      /* the cause of the last shared failure */
};

enum flight_turn {
	FLIGHT_LEAD,   /* the caller leads */
	FLIGHT_LANDED, /* the result is there */
	FLIGHT_FAILED, /* *err is a shared failure, which the caller would meet as well */
};

/* Which other threads a failure concerns. */
enum flight_share {
	FLIGHT_OWN,     /* none: the next thread leads */
	FLIGHT_WAITING, /* the threads that wait at this moment; a later one leads */
	FLIGHT_ALL,     /* all threads, from now on */
};

/*
 * Waits while another thread leads, then says whose turn it is. A shared failure counts only for
 * callers with the same cause, a pointer that is compared and never followed. Caller holds lock.
 */
enum flight_turn flight_board(struct flight *flight, pthread_cond_t *changed, pthread_mutex_t *lock,
			      const void *cause, struct error *err);
/*
 * Makes a caller that has just boarded a landed flight lead, since the result is stale; returns
 * FLIGHT_LEAD. The flight counts as landed until that lead ends. Caller holds the lock.
 */
enum flight_turn flight_again(struct flight *flight);
/* The result is there. Caller holds the lock. */
void flight_land(struct flight *flight, pthread_cond_t *changed);
/* There is no result. A shared failure is copied to arena; without memory it is not shared. */
void flight_fail(struct flight *flight, pthread_cond_t *changed, struct arena *arena,
		 enum flight_share share, const void *cause, const struct error *failure);
/* There is no result, and no failure to share: the next one leads. Caller holds the lock. */
void flight_drop(struct flight *flight, pthread_cond_t *changed);
/*
 * For the given time failure is the answer to callers with the cause NULL, unless there is a
 * result; a thread that leads at this moment goes on. The failure is copied to arena; without
 * memory nothing changes. Caller holds the lock.
 */
void flight_ground(struct flight *flight, struct arena *arena, int64_t milliseconds,
		   const struct error *failure);
/* Forgets a failure that concerned everybody: the next one leads. Caller holds the lock. */
void flight_forgive(struct flight *flight);
