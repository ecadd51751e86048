/*
 * A lookup runs in a thread that cannot be ended, so after a stop none begins, not even for a
 * request that cleans up; such a request may still connect to an address it knows.
 *
 * With a proxy the address is that of the proxy, which the user chose, so it is not judged. The
 * text of the server's host was judged before the request began (inside.h).
 */
#include "net/admission.h"

#include "net/inside.h"
#include "net/ports.h"

static bool is_too_late(const struct admission *connection)
{
	return connection->stopping && !(connection->cleanup && connection->address);
}

bool admission_check(const struct admission *connection, struct error *err)
{
	const struct sockaddr *address = connection->address;
	const char *why = NULL;
	if (is_too_late(connection)) {
		error_canceled(err);
		return false;
	}
	if (!address)
		return true;
	if (!connection->proxied)
		why = inside_address_refused(address, connection->host, connection->chosen);
	if (why)
		return error_set(err, ERROR_REFUSED, "refusing to connect to %s: %s",
				 connection->host, why);
	return ports_allow(connection->ports, connection->host, address, err);
}
