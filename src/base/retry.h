/*
 * Whether and when to try again, as a pure function.
 *
 * It is used as a loop header in two places: around one request without a body, and around one blob
 * or manifest as a unit.
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
	unsigned attempts; /* tries in all, the first included */
	unsigned base_ms;  /* longest wait after the first failure; triples with each further one */
	unsigned cap_ms;   /* longest wait of all, for our own choice and for Retry-After */
	bool patient;      /* a server that is down is waited for until all give it up */
};

/* 6 attempts over about a minute, patient. */
extern const struct retry_policy retry_default;

/* True for kinds that another try may cure. */
bool retry_helps(enum error_kind kind);
/*
 * Decides after the failure number attempt (counted from 0). random spreads the wait over its upper
 * half. A Retry-After in err is a floor; one above cap_ms means giving up, since the server asked
 * for more patience than the run has. True: wait *wait_ms, then try again. What is awaited has no
 * wait of its own, and does not count for the patient.
 */
bool retry_next(const struct retry_policy *policy, unsigned attempt, const struct error *err,
		unsigned random, unsigned *wait_ms);
/*
 * retry_next() with real randomness, then the wait. False: give up, err says why. An error given up
 * here is marked exhausted, so that a loop around this one does not start all over.
 */
bool retry_wait(const struct retry_policy *policy, unsigned attempt, struct error *err);
