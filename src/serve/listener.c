/*
 * One thread has the socket. It accepts while there is room for another connection, so that clients
 * beyond the limit wait where the kernel keeps them, and it ends connections that take too long. It
 * looks for those once a second while there are connections, and sleeps while there are none.
 *
 * Where the process has run out of descriptors, accepting would fail again at once: the thread
 * leaves the socket alone for a moment.
 */
#include "serve/listener.h"

#include "serve/listener_address.h"
#include "serve/listener_http.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	STACK_BYTES = 128 * 1024,
	LOOK_MS = 1000,    /* how often connections are looked at */
	PAUSE_MS = 200,    /* after a connection that could not be accepted */
	ACCEPTED_MAX = 64, /* in a row */
	LAST_MS = 200,     /* for clients that are told 503 at the end */
};

struct listener {
	struct arena *arena;
	struct listener_options options;
	struct listener_address address; /* of the thread, once there is one */
	bool is_public;
	unsigned port;
	struct listener_connections *connections;
	struct listener_http *http;
	pthread_t thread;
	bool running;
	atomic_bool quiesce, end;
	pthread_mutex_t lock;
	pthread_cond_t quiet;
	bool closed; /* under the lock: the socket is */
};

/* --- the thread ------------------------------------------------------------------------------ */

static void peer_of(const struct sockaddr_storage *address, char out[LISTENER_PEER_SIZE])
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, out, LISTENER_PEER_SIZE);
	else if (address->ss_family != AF_INET6)
		snprintf(out, LISTENER_PEER_SIZE, "unix");
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, out, LISTENER_PEER_SIZE);
	else
		inet_ntop(AF_INET6, &in6->sin6_addr, out, LISTENER_PEER_SIZE);
}

/* Accepts one connection. False: there is none at the moment, errno says why. */
static bool accept_one(struct listener *listener)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	socklen_t size = sizeof(address);
	char peer[LISTENER_PEER_SIZE] = "";
	int fd = accept4(listener->address.fd, (struct sockaddr *)&address, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	peer_of(&address, peer);
	if (!listener_connections_take(listener->connections, fd, peer))
		close(fd);
	else if (!listener_http_add(listener->http, fd, (struct sockaddr *)&address, size))
		listener_connections_drop(listener->connections, fd);
	return true;
}

/* Accepts what is there. Returns when accepting may be tried again, clock_ms(). */
static int64_t accept_some(struct listener *listener)
{
	bool any;
	for (int i = 0; i < ACCEPTED_MAX; i++) {
		if (listener_connections_full(listener->connections, &any))
			return 0;
		if (accept_one(listener) || errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		log_debug("cannot accept a connection: %s", strerror(errno));
		return clock_ms() + PAUSE_MS;
	}
	return 0;
}

static void close_socket(struct listener *listener)
{
	listener_address_close(&listener->address);
	pthread_mutex_lock(&listener->lock);
	listener->closed = true;
	pthread_cond_broadcast(&listener->quiet);
	pthread_mutex_unlock(&listener->lock);
}

static void *run(void *arg)
{
	struct listener *listener = arg;
	int64_t pause = 0;
	while (!atomic_load(&listener->end)) {
		bool any = false;
		bool full = listener_connections_full(listener->connections, &any);
		bool paused = pause > clock_ms();
		struct pollfd fds[] = {
			{.fd = listener_connections_fd(listener->connections), .events = POLLIN},
			{.fd = full || paused ? -1 : listener->address.fd, .events = POLLIN},
		};
		poll(fds, array_count(fds), paused ? PAUSE_MS : any ? LOOK_MS : -1);
		if (fds[0].revents)
			listener_connections_woken(listener->connections);
		if (atomic_load(&listener->quiesce) && listener->address.fd >= 0)
			close_socket(listener);
		else if (fds[1].revents)
			pause = accept_some(listener);
		listener_connections_expire(listener->connections);
	}
	return NULL;
}

/* --- its life -------------------------------------------------------------------------------- */

bool listener_bind(const struct listener_options *options, struct listener **out, struct error *err)
{
	struct arena *arena = arena_new();
	struct listener *listener = arena ? arena_new_of(arena, struct listener) : NULL;
	*out = NULL;
	if (!listener) {
		arena_free(&arena);
		return error_memory(err);
	}
	listener->arena = arena;
	listener->options = *options;
	if (!listener_address_open(options->address, arena, &listener->address, err)) {
		arena_free(&arena);
		return false;
	}
	listener->is_public = listener->address.is_public;
	listener->port = listener->address.port;
	pthread_mutex_init(&listener->lock, NULL);
	cond_init(&listener->quiet);
	*out = listener;
	return true;
}

bool listener_start(struct listener *listener, struct error *err)
{
	const struct listener_options *options = &listener->options;
	listener->connections = listener_connections_new(listener->arena, options->connections,
							 (int64_t)options->seconds * 1000);
	if (!listener->connections)
		return error_memory(err);
	listener->http = listener_http_start(options, listener->connections);
	if (!listener->http)
		return error_memory(err);
	listener->running = thread_start(&listener->thread, STACK_BYTES, run, listener);
	return listener->running || error_memory(err);
}

void listener_quiesce(struct listener *listener)
{
	if (listener->http)
		listener_http_last(listener->http);
	if (!listener->running) {
		listener_address_close(&listener->address);
		return;
	}
	atomic_store(&listener->quiesce, true);
	listener_connections_wake(listener->connections);
	pthread_mutex_lock(&listener->lock);
	while (!listener->closed)
		pthread_cond_wait(&listener->quiet, &listener->lock);
	pthread_mutex_unlock(&listener->lock);
}

static void end_requests(struct listener *listener)
{
	if (!listener_http_drain(listener->http, LISTENER_END_MS))
		log_debug("requests are left without an answer");
	listener_http_abandon(listener->http);
	listener_http_drain(listener->http, LAST_MS);
}

void listener_free(struct listener **listener)
{
	struct listener *it = *listener;
	if (!it)
		return;
	listener_quiesce(it);
	if (it->http)
		end_requests(it);
	if (it->running) {
		atomic_store(&it->end, true);
		listener_connections_wake(it->connections);
		pthread_join(it->thread, NULL);
	}
	listener_http_stop(&it->http);
	listener_connections_free(&it->connections);
	pthread_cond_destroy(&it->quiet);
	pthread_mutex_destroy(&it->lock);
	struct arena *arena = it->arena;
	arena_free(&arena);
	*listener = NULL;
}

bool listener_is_public(const struct listener *listener)
{
	return listener->is_public;
}

unsigned listener_port(const struct listener *listener)
{
	return listener->port;
}

/* --- requests -------------------------------------------------------------------------------- */

const char *listener_method(const struct listener_request *request)
{
	return listener_http_head(request)->method;
}

const char *listener_path(const struct listener_request *request)
{
	return listener_http_head(request)->path;
}

const char *listener_header(const struct listener_request *request, const char *name)
{
	const struct listener_head *head = listener_http_head(request);
	return listener_request_find(head->headers, head->header_count, name, true);
}

const char *listener_query(const struct listener_request *request, const char *name)
{
	const struct listener_head *head = listener_http_head(request);
	return listener_request_find(head->fields, head->field_count, name, false);
}

struct str listener_body(const struct listener_request *request)
{
	return listener_http_body(request);
}

const char *listener_peer(const struct listener_request *request)
{
	return listener_http_head(request)->peer;
}

struct arena *listener_arena(struct listener_request *request)
{
	return listener_http_head(request)->arena;
}

void listener_answer(struct listener_request *request, const struct listener_answer *answer)
{
	listener_http_answer(request, answer);
}
