/*
 * The connections of a listener: how many there are, and until when each may take.
 *
 * A connection is taken when it is accepted, and ends when libmicrohttpd has closed it. In between
 * it has a deadline while the client is to do something, and none while we are. Any thread.
 */
#pragma once

#include "base/arena.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { LISTENER_PEER_SIZE = INET6_ADDRSTRLEN };

struct listener_request;

struct listener_connection {
	int fd;           /* -1: this one is free */
	bool started;     /* libmicrohttpd has it */
	bool kept;        /* it had a request, and may have another */
	int64_t deadline; /* clock_ms(); 0: none */
	/* that is read or answered; for the thread of libmicrohttpd that has the connection */
	struct listener_request *request;
	char peer[LISTENER_PEER_SIZE]; /* never changes while it is taken */
};

struct listener_connections;

/* For that many; a request may take milliseconds. NULL: out of memory or descriptors. */
struct listener_connections *listener_connections_new(struct arena *arena, unsigned count,
						      int64_t milliseconds);
void listener_connections_free(struct listener_connections **all);
/* Becomes readable when one ends although all were taken, or by listener_connections_wake(). */
int listener_connections_fd(const struct listener_connections *all);
void listener_connections_wake(struct listener_connections *all);
/* Makes it unreadable again. */
void listener_connections_woken(struct listener_connections *all);

/* Whether all are taken; *any: whether one is. */
bool listener_connections_full(struct listener_connections *all, bool *any);
/* Takes one for fd, which has not been handed to libmicrohttpd yet. False: all are taken. */
bool listener_connections_take(struct listener_connections *all, int fd, const char *peer);
/* It was not handed over. */
void listener_connections_drop(struct listener_connections *all, int fd);
/* libmicrohttpd has it. NULL: it was given up meanwhile. */
struct listener_connection *listener_connections_start(struct listener_connections *all, int fd);
/* It is about to be closed. */
void listener_connections_end(struct listener_connections *all,
			      struct listener_connection *connection);

/* What happens on a connection, and with it its deadline. */
enum listener_event {
	LISTENER_REQUEST, /* a request line has arrived */
	LISTENER_ASKED,   /* the request is complete */
	LISTENER_ANSWERS, /* an answer is sent */
	LISTENER_DONE,    /* it was sent */
};
void listener_connections_note(struct listener_connections *all,
			       struct listener_connection *connection, enum listener_event event);
/* Shuts down those whose deadline has passed. */
void listener_connections_expire(struct listener_connections *all);
