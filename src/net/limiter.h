/*
 * How fast each server is asked, by all threads together: one pace (pace.h) for each host and port,
 * and whether it is asked at all (outage.h).
 *
 * A request holds its place until the head of its answer is there. Bodies hold none: an upload that
 * pulls a download may have to ask for the rest of it, and must not wait for itself. How many blobs
 * move at once is bounded elsewhere. Any thread.
 */
#pragma once

#include "base/error.h"
#include "net/outage.h"

#include <stdatomic.h>

struct limiter;
struct limiter_origin;

/* per_second: requests to one server that may begin in a second, 0: any number. */
struct limiter *limiter_new(unsigned per_second);
/* No request may be under way. *limiter may be NULL. */
void limiter_free(struct limiter **limiter);

/* Servers that were given up are asked again from now on. */
void limiter_forgive(struct limiter *limiter);

/* One request under way. */
struct limiter_lease {
	struct limiter_origin *origin;
	bool counted;                  /* it holds a place in the window */
	int64_t patience_ms;           /* see outage_patience() */
	const atomic_bool *over;       /* the server was given up meanwhile */
	struct outage_failure failure; /* weight and what is behind it are set by whoever failed */
};

/*
 * Waits until a request to origin, "host:443", may begin. counted: it takes a place in the window.
 * ERROR_CANCELED when the run is to stop and its grace period is over; when the server was given up
 * the error that began it, exhausted, and shared by all.
 */
bool limiter_begin(struct limiter *limiter, const char *origin, bool counted,
		   struct limiter_lease *lease, struct error *err);
/*
 * Ends the lease with the answer's status. limited: it was refused for a limit of requests;
 * retry_after: seconds the server then asked to be left alone, or < 0.
 */
void limiter_end(struct limiter_lease *lease, int status, bool limited, int retry_after);
/*
 * Ends the lease without an answer. *err, why, is marked as exhausted or awaited where that
 * follows; it becomes the first failure of the row when the server is given up.
 */
void limiter_failed(struct limiter_lease *lease, struct error *err);
