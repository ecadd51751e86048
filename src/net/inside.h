/*
 * The machines that get no request: those of internal networks when a server names them, and those
 * that hand out a cloud's credentials whatever named them. Pure.
 *
 * The text of a host is judged before there is a connection, with a proxy and without; the address
 * it led to when the connection is made. A registry's own name may lead anywhere but to a cloud's
 * metadata.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Why no request may go to host, a name or an address as struct url has it; NULL when it may.
 * chosen: a server named it.
 */
const char *inside_host_refused(const char *host, bool chosen);
/* The same for address, to which host led. */
const char *inside_address_refused(const struct sockaddr *address, const char *host, bool chosen);
/* True when host says by its text that it is in an internal network. */
bool inside_by_text(const char *host);
/*
 * True when name, a host with or without a port, can only be this machine: localhost, or a loopback
 * address. A connection to localhost that leads elsewhere is refused (inside_address_refused()).
 */
bool inside_loopback(struct str name);
