/*
 * Whether a connection may be opened, as one decision with a reason. Pure: the caller says whether
 * the run is to stop, and opens the socket.
 */
#pragma once

#include "base/error.h"

#include <sys/socket.h>

struct ports;

/* A connection that is about to be opened, or the lookup of a name that comes before it. */
struct admission {
	const char *host;               /* the host of the request, as struct url has it */
	const struct sockaddr *address; /* NULL: host is about to be looked up */
	const struct ports *ports;      /* the ports that may be connected to; NULL: any */
	bool chosen;                    /* a server named the host, and not the user */
	bool proxied;                   /* address is that of a proxy */
	bool stopping;                  /* the run is to stop */
	bool cleanup;                   /* the request gives up what an earlier one began */
};

/*
 * True when the connection may be opened. Otherwise err says why: ERROR_CANCELED once the run is to
 * stop, ERROR_REFUSED for an address or a port that the request must not reach.
 */
bool admission_check(const struct admission *connection, struct error *err);
