/*
 * HTTP/1.1 for the server: what clients ask, and what they are answered.
 *
 * libmicrohttpd reads requests and writes answers, on two threads of its own; a third one accepts
 * connections and ends those that are too slow. TLS is the business of a proxy in front. A request
 * that is not well-formed, too large or too slow never gets here: it is refused with 400, 413, 414
 * or 431, or its connection is closed. Every answer says that it is not to be cached (unless
 * its headers have a Cache-Control) and that its type is not to be guessed.
 *
 * A request belongs to its caller from serve() on until listener_answer(), which may be called by
 * any thread, within serve() or later, whether or not the client is still there. All of a request
 * is memory of its own, so it can be read until then, even after listener_free().
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct listener;
struct listener_request;

struct listener_options {
	/* ":8080", "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "unix:/run/x.sock" */
	const char *address;
	size_t header_bytes; /* most of a request line and its headers together */
	size_t body_bytes;
	/* In which a request must have arrived, from its connection or the answer before it on. */
	unsigned seconds;
	unsigned connections; /* at a time; others wait until one of them ends */
	/*
	 * Called once for a request that is complete and within the limits, by a thread of the
	 * listener. It must lead to exactly one listener_answer(), at once or later.
	 */
	void (*serve)(void *ctx, struct listener_request *request);
	void *ctx;
};

/*
 * Opens the socket: before the process is confined, and before there are threads. The socket that
 * systemd hands over (LISTEN_PID, LISTEN_FDS, which are removed from the environment) takes the
 * place of the address. A socket file on which nobody listens is replaced. ERROR_CONFIG when the
 * address cannot be listened on, ERROR_IO, ERROR_MEMORY.
 */
bool listener_bind(const struct listener_options *options, struct listener **out,
		   struct error *err);
/* Starts the threads; from now on serve() is called. ERROR_MEMORY. */
bool listener_start(struct listener *listener, struct error *err);
/*
 * Closes the socket: no more connections. Requests under way are still read and answered, each
 * connection ends with its next answer. Returns at once when it was done before.
 */
void listener_quiesce(struct listener *listener);
/*
 * Waits at most LISTENER_END_MS for the requests that are open, answers those that are still not
 * answered with 503, and ends the threads. *listener becomes NULL, and may be NULL. Requests that
 * were not answered must be answered nevertheless, which only releases them.
 */
enum { LISTENER_END_MS = 2000 };
void listener_free(struct listener **listener);

/* Whether others can reach the address: it is neither of this machine alone nor a unix socket. */
bool listener_is_public(const struct listener *listener);
/* The port, also where the address said 0; 0 for a unix socket. */
unsigned listener_port(const struct listener *listener);

/* "GET", "POST" or whatever the client sent. */
const char *listener_method(const struct listener_request *request);
/*
 * Without the query, decoded once; no control characters. It begins with "/", unless it is "*".
 */
const char *listener_path(const struct listener_request *request);
/* The value of the first header of that name, whatever its case; NULL: there is none. */
const char *listener_header(const struct listener_request *request, const char *name);
/*
 * The value of the first field of that name in the query, decoded, "+" being a space; no control
 * characters. NULL: there is none.
 */
const char *listener_query(const struct listener_request *request, const char *name);
/* Followed by a NUL that the length does not count. */
struct str listener_body(const struct listener_request *request);
/* The client's address without a port, IPv4 in its own form, or "unix". */
const char *listener_peer(const struct listener_request *request);
/* Memory that lasts as long as the request. */
struct arena *listener_arena(struct listener_request *request);

struct listener_header {
	const char *name, *value;
};

struct listener_answer {
	unsigned status;
	const char *type;                      /* Content-Type; NULL: there is no body */
	struct str body;                       /* copied, unless it is constant */
	bool constant;                         /* body lives as long as the process */
	const struct listener_header *headers; /* more of them */
	size_t header_count;
};

/*
 * Answers, after which the request is gone. A HEAD gets the headers that a GET gets. What cannot be
 * sent for lack of memory becomes 503, or closes the connection.
 */
void listener_answer(struct listener_request *request, const struct listener_answer *answer);
