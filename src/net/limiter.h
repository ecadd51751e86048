/*
 * How fast all threads together send requests to each server: one pace (pace.h) for each host and
 * port, and whether it gets any (outage.h).
 *
 * A request holds its place until the head of its answer is there. Bodies hold no place: an upload
 * that pulls a download may have to request the rest, and must not wait for itself. How many blobs
 * move at once is bounded elsewhere. Any thread.
 */
#pragma once

#include "base/error.h"
#include "net/outage.h"

#include <stdatomic.h>

struct limiter;
struct limiter_origin;

/* per_second: requests to one server per second; 0: no limit. */
struct limiter *limiter_new(unsigned per_second);
/* No request may be under way. *limiter may be NULL. */
void limiter_free(struct limiter **limiter);

/* Gives servers that were given up another chance. */
void limiter_forgive(struct limiter *limiter);

/* One request under way. */
struct limiter_lease {
	struct limiter_origin *origin;
	bool counted;            /* it holds a place in the window */
	int64_t patience_ms;     /* see outage_patience() */
	const atomic_bool *over; /* set when the server has been given up */
	/* path, early and weight are set by the caller whose request failed */
	struct outage_failure failure;
};

/*
 * Waits until a request to origin, "host:443", may begin. counted: it takes a place in the window.
 * ERROR_CANCELED when the run is to stop and the grace period is over. For a server that was given
 * up: the first error of the outage, marked exhausted and shared by all.
 */
bool limiter_begin(struct limiter *limiter, const char *origin, bool counted,
		   struct limiter_lease *lease, struct error *err);
/*
 * Ends the lease with the answer's status. limited: the request hit a limit; retry_after: the
 * seconds the server asked us to wait, or < 0.
 */
void limiter_end(struct limiter_lease *lease, int status, bool limited, int retry_after);
/*
 * Ends the lease without an answer, for the reason *err, which may become exhausted or awaited;
 * once the server is given up, it becomes the first failure in the row.
 */
void limiter_failed(struct limiter_lease *lease, struct error *err);
