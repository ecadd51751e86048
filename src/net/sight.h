/*
 * What one exchange met on its way: address, proxy, TLS, times. For people who ask why a server
 * cannot be reached (`probe`), and for nothing else: no decision depends on it.
 */
#pragma once

#include "net/http.h"
#include "net/tls_chain.h"

struct handle;

enum { SIGHT_ADDRESS_SIZE = 80 };

struct sighting {
	const struct http_request *request;
	const struct http_answer *answer; /* NULL: there was none */
	const struct error *err;          /* why not; NULL with an answer */
	const struct proxy *proxy;        /* NULL: none */
	/* "203.0.113.7:443", that of the proxy if there is one; "": it was not connected */
	char address[SIGHT_ADDRESS_SIZE];
	bool fresh;                            /* the connection was opened for it */
	int64_t lookup_us, connect_us, tls_us; /* of that; -1: it did not get so far */
	const char *version, *suite;   /* of TLS; NULL: no handshake, or none that got so far */
	const struct tls_chain *chain; /* what the server sent in its handshake; NULL: none */
};

/*
 * Tells the client's observer, if it has one, how an exchange went. handle NULL: it did not even
 * begin. answer NULL: err says why.
 */
void sight_tell(const struct http_observer *observer, const struct handle *handle,
		const struct sighting *known);
