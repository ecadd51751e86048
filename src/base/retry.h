/*
 * Whether and when to try again, as a pure function.
 *
 * It drives a loop in two places: around one request without a body, and around one blob or
 * manifest as a whole.
 *
 *	for (unsigned attempt = 0;; attempt++) {
 *		if (work(err))
 *			return true;
 *		if (!retry_wait(&policy, attempt, err))
 *			return false;
 *	}
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct retry_policy {
	unsigned attempts; /* the number of tries, the first included */
	/* longest wait after the first failure; it triples with each further failure */
	unsigned base_ms;
	unsigned cap_ms; /* upper limit of a wait, our own or Retry-After */
	bool patient;    /* retry a server that is down until net/limiter.h gives it up */
};

/* 6 attempts within about a minute; patient. */
extern const struct retry_policy retry_default;

/* True for kinds that another try may cure. */
bool retry_helps(enum error_kind kind);
/*
 * Decides after the failure number attempt (counted from 0). random spreads the wait over its upper
 * half. A Retry-After in err is a floor; one above cap_ms means giving up. True: wait *wait_ms,
 * then try again. An awaited error has no wait of its own, and under a patient policy does not use
 * up an attempt.
 */
bool retry_next(const struct retry_policy *policy, unsigned attempt, const struct error *err,
		unsigned random, unsigned *wait_ms);
/*
 * retry_next() with real randomness, then the wait. False: give up, err says why. The error is then
 * marked exhausted, so that an outer loop does not retry it again.
 */
bool retry_wait(const struct retry_policy *policy, unsigned attempt, struct error *err);
