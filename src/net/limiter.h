/*
 * How fast each server is asked, by all threads together: one pace (pace.h) for each origin.
 *
 * A request holds its place until the head of its answer is there. Bodies hold none: an upload that
 * pulls a download may have to ask for the rest of it, and must not wait for itself. How many blobs
 * move at once is bounded elsewhere. Any thread.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct limiter;
struct limiter_origin;

/* per_second: requests to one origin that may begin in a second, 0: any number. */
struct limiter *limiter_new(unsigned per_second);
/* No request may be under way. *limiter may be NULL. */
void limiter_free(struct limiter **limiter);

/* One request under way. */
struct limiter_lease {
	struct limiter_origin *origin;
	int64_t began_ms; /* clock_ms() */
	bool counted;     /* it holds a place in the window */
};

/*
 * Waits until a request to origin, "https://host:443", may begin. counted: it takes a place in the
 * window. ERROR_CANCELED when the run is to stop and its grace period is over.
 */
bool limiter_begin(struct limiter *limiter, const char *origin, bool counted,
		   struct limiter_lease *lease, struct error *err);
/*
 * Ends the lease with the answer's status; 0: there was none. limited: it was refused for a limit
 * of requests; retry_after: seconds the server then asked to be left alone, or < 0.
 */
void limiter_end(struct limiter_lease *lease, int status, bool limited, int retry_after);
