/*
 * A listener on loopback with something behind it that answers, and clients that speak to it byte
 * by byte.
 *
 * What is served depends on the path: /echo tells what arrived, /later is answered by a thread of
 * the test's when the test says so, /thread by another thread before serve() returns, /large is a
 * megabyte, /never is left to the test. A client waits half a minute at most.
 */
#pragma once

#include "base/buf.h"
#include "serve/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
/* after these */
#include <cmocka.h>

enum { CLIENT_SECONDS = 30, WAITING_MAX = 256, LARGE_BYTES = 1024 * 1024 };

struct client_scene {
	struct listener *listener;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct listener_request *waiting[WAITING_MAX]; /* of /later and /never */
	size_t count;
	atomic_uint served;
};

/* --- behind the listener ------------------------------------------------------------------ */

static inline void client_say(struct listener_request *request, unsigned status, const char *text)
{
	const struct listener_answer answer = {
		.status = status, .type = "text/plain", .body = str_of(text)};
	listener_answer(request, &answer);
}

static inline const char *client_or(const char *text)
{
	return text ? text : "-";
}

static inline void client_echo(struct listener_request *request)
{
	struct buf text = buf_limit(0);
	struct str body = listener_body(request);
	buf_printf(&text, "%s %s q=%s x=%s peer=%s body=%.*s", listener_method(request),
		   listener_path(request), client_or(listener_query(request, "q")),
		   client_or(listener_header(request, "x-test")), listener_peer(request),
		   STR_ARGS(body));
	client_say(request, 200, buf_string(&text));
	buf_finish(&text);
}

static inline void client_large(struct listener_request *request)
{
	static const char large[LARGE_BYTES];
	const struct listener_answer answer = {.status = 200,
					       .type = "application/octet-stream",
					       .body = {large, sizeof(large)},
					       .constant = true};
	listener_answer(request, &answer);
}

static inline void *client_thread(void *request)
{
	client_say(request, 200, "from a thread");
	return NULL;
}

static inline void client_serve(void *ctx, struct listener_request *request)
{
	struct client_scene *scene = ctx;
	struct str path = str_of(listener_path(request));
	pthread_t thread;
	atomic_fetch_add(&scene->served, 1);
	if (str_starts(path, "/later") || str_is(path, "/never")) {
		pthread_mutex_lock(&scene->lock);
		scene->waiting[scene->count++] = request;
		pthread_cond_broadcast(&scene->more);
		pthread_mutex_unlock(&scene->lock);
	} else if (str_is(path, "/thread")) {
		pthread_create(&thread, NULL, client_thread, request);
		pthread_join(thread, NULL);
	} else if (str_is(path, "/large")) {
		client_large(request);
	} else {
		client_echo(request);
	}
}

/* Waits until that many requests wait for an answer, and takes them. */
static inline void client_waiting(struct client_scene *scene, size_t count,
				  struct listener_request **out)
{
	pthread_mutex_lock(&scene->lock);
	while (scene->count < count)
		pthread_cond_wait(&scene->more, &scene->lock);
	memcpy(out, scene->waiting, count * sizeof(*out));
	scene->count -= count;
	memmove(scene->waiting, scene->waiting + count, scene->count * sizeof(*out));
	pthread_mutex_unlock(&scene->lock);
}

/* --- the scene ----------------------------------------------------------------------------- */

static const struct listener_options client_usual = {
	.address = "127.0.0.1:0",
	.header_bytes = 2048,
	.body_bytes = 4096,
	.seconds = 20,
	.connections = 256,
};

static inline void client_open(struct client_scene *scene, const struct listener_options *options)
{
	struct listener_options mine = *options;
	struct error err;
	*scene = (struct client_scene){.listener = NULL};
	pthread_mutex_init(&scene->lock, NULL);
	pthread_cond_init(&scene->more, NULL);
	mine.serve = client_serve;
	mine.ctx = scene;
	signal(SIGPIPE, SIG_IGN);
	if (!listener_bind(&mine, &scene->listener, &err) || !listener_start(scene->listener, &err))
		fail_msg("%s", err.text);
}

static inline void client_close(struct client_scene *scene)
{
	listener_free(&scene->listener);
	assert_null(scene->listener);
	pthread_cond_destroy(&scene->more);
	pthread_mutex_destroy(&scene->lock);
}

/* --- clients ------------------------------------------------------------------------------- */

static inline void client_patience(int fd)
{
	const struct timeval patience = {.tv_sec = CLIENT_SECONDS};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* -1: the connection was refused. */
static inline int client_try(const struct client_scene *scene)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)listener_port(scene->listener)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	client_patience(fd);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline int client_connect(const struct client_scene *scene)
{
	int fd = client_try(scene);
	assert_true(fd >= 0);
	return fd;
}

/* The server may have closed its side, so a failure says nothing. */
static inline bool client_send(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static inline void client_write(int fd, const char *text)
{
	client_send(fd, text, strlen(text));
}

/* Reads to the end of the connection. */
static inline void client_rest(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t got;
	while ((got = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_add(out, piece, (size_t)got);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		fail_msg("the connection is still open, after: %s", buf_string(out));
}

/* Reads one answer: its head, and as much behind as it says; nothing behind that of a HEAD. */
static inline void client_answer(int fd, bool head, struct buf *out)
{
	size_t body = 0;
	char c;
	const char *length, *end;
	do {
		if (recv(fd, &c, 1, 0) != 1)
			fail_msg("the connection ended within an answer: %s", buf_string(out));
		buf_add_char(out, c);
		end = strstr(buf_string(out), "\r\n\r\n");
	} while (!end);
	length = strstr(buf_string(out), "Content-Length: ");
	if (length && !head)
		sscanf(length, "Content-Length: %zu", &body);
	for (; body > 0; body--) {
		if (recv(fd, &c, 1, 0) != 1)
			fail_msg("the connection ended within a body: %s", buf_string(out));
		buf_add_char(out, c);
	}
}

/* Sends what may end the connection, and reads all that comes. */
static inline void client_all(const struct client_scene *scene, const char *bytes, size_t len,
			      struct buf *out)
{
	int fd = client_connect(scene);
	client_send(fd, bytes, len);
	shutdown(fd, SHUT_WR);
	client_rest(fd, out);
	close(fd);
}

static inline void client_expect(const struct buf *got, const char *part)
{
	if (!strstr(buf_string(got), part))
		fail_msg("not in the answer: %s\n%s", part, buf_string(got));
}

static inline void client_refute(const struct buf *got, const char *part)
{
	if (strstr(buf_string(got), part))
		fail_msg("in the answer: %s\n%s", part, buf_string(got));
}

#define CLIENT_GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define CLIENT_LAST(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

/* Whether the listener still answers. */
static inline void client_alive(const struct client_scene *scene)
{
	struct buf got = buf_limit(0);
	client_all(scene, CLIENT_LAST("/echo"), strlen(CLIENT_LAST("/echo")), &got);
	client_expect(&got, "HTTP/1.1 200 OK\r\n");
	buf_finish(&got);
}
