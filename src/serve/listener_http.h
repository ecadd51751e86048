/*
 * The part of the listener that knows libmicrohttpd: connections in, requests to serve(), answers
 * out. Any thread.
 */
#pragma once

#include "serve/listener_connections.h"
#include "serve/listener_request.h"

#include <sys/socket.h>

struct listener_http;

/* Starts its threads. NULL: out of memory or threads. options is copied. */
struct listener_http *listener_http_start(const struct listener_options *options,
					  struct listener_connections *connections);
/* Hands over a connection, of which connections has the descriptor already; it is closed if that
 * fails. */
bool listener_http_add(struct listener_http *http, int fd, const struct sockaddr *address,
		       socklen_t size);
/* From now on each connection ends with its next answer. */
void listener_http_last(struct listener_http *http);
/* Waits until no request is open, at most so many milliseconds. */
bool listener_http_drain(struct listener_http *http, int64_t milliseconds);
/* From now on requests that are not answered get 503; serve() is called no more. */
void listener_http_abandon(struct listener_http *http);
/* Ends the threads; after listener_http_abandon(). *http becomes NULL. */
void listener_http_stop(struct listener_http **http);

/* What was read of a request. */
const struct listener_head *listener_http_head(const struct listener_request *request);
struct str listener_http_body(const struct listener_request *request);
void listener_http_answer(struct listener_request *request, const struct listener_answer *answer);
