/*
 * How long a transfer is waited for: until its server is silent or slow for too long, or the run is
 * to stop. Pure: watch.c says how the transfer stands and what time has passed.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* How far the request to stop the run has gone (base/cancel.h). */
enum patience_stop {
	PATIENCE_GO_ON,
	PATIENCE_STOPPING, /* no new connection; what is under way may end */
	PATIENCE_URGENT,   /* what is under way ends, too */
	PATIENCE_FINAL,    /* and so does cleaning up */
};

/* How a transfer stands. */
struct patience {
	enum patience_stop stop;
	bool cleanup;      /* the request only gives up what an earlier one began */
	bool connected;    /* the request is on its way */
	bool in_body;      /* the next bytes are those of a body */
	bool uploads;      /* the request streams a body */
	bool given_up;     /* other requests found that the server does not answer */
	int64_t silent_ms; /* time since anything moved */
	int64_t stall_ms;  /* how long a body may make no progress; 0: for ever */
	int64_t answer_ms; /* the limit for a server that has not answered yet; 0: the usual one */
	int64_t waited_ms; /* time waited for the body since the rate was last judged */
	int64_t moved;     /* bytes of the body moved in that time */
};

/* How long connecting may take; answer_ms as above. */
int64_t patience_connect_ms(int64_t answer_ms);
/* How long nothing may move now; 0: for ever. */
int64_t patience_limit_ms(const struct patience *transfer);
/* True when waited_ms is long enough to judge the rate. */
bool patience_rates(const struct patience *transfer);
/* False when the transfer from or to host is to be given up, err says why. */
bool patience_check(const struct patience *transfer, const char *host, struct error *err);
