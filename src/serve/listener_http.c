/*
 * libmicrohttpd is handed connections that were accepted elsewhere, since its own way to stop
 * listening (MHD_quiesce_daemon) may end the process when a thread reaches the limit of connections
 * at the same moment. It calls on_target() when it has read a request line, on_request() for the
 * headers, then for each piece of the body, then for its end, and on_completed() after the answer.
 *
 * An answer that comes within serve() is sent at once. Otherwise the connection is suspended: it is
 * nobody's until it is resumed, so the client may be gone long before the answer. Whether to
 * suspend and whether to resume are decided under one lock, because an answer may come from another
 * thread while serve() has not returned. libmicrohttpd ends the process if it is stopped with a
 * suspended connection, therefore listener_http_abandon() comes first.
 *
 * A request has two owners, its connection and whoever has to answer it; the last one frees it. It
 * also keeps the lock alive, for an answer that comes after the end.
 */
#include "serve/listener_http.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"

#include <microhttpd.h>
#include <stdatomic.h>

enum {
	THREADS = 2,
	STACK_BYTES = 512 * 1024,
	/* Memory of a connection beside the text of the headers. */
	TABLE_BYTES = 4096,
	/* Of a body that is too large, so that its sender comes to read the answer. */
	DROPPED_MAX = 1024 * 1024,
	STRICT = 1, /* as strict as RFC 9112 asks for */
};

struct listener_http {
	pthread_mutex_t lock;
	pthread_cond_t drained;
	struct arena *arena;
	struct MHD_Daemon *daemon;
	struct MHD_Response *unavailable; /* when there is no memory for an answer */
	struct listener_options options;
	struct listener_connections *connections;
	struct listener_request *open; /* asked, and not completed */
	unsigned owners;               /* the listener, and the requests that are to be answered */
	bool ending;
	atomic_bool last;
};

struct listener_request {
	struct listener_head head;
	struct listener_http *http;
	struct MHD_Connection *connection;
	struct listener_connection *at;
	struct buf body;
	size_t dropped;
	unsigned refusal; /* the status with which it is refused; 0: it is not */
	bool begun, asked;
	/* Under the lock: */
	bool answered, suspended;
	unsigned owners, status;
	struct MHD_Response *response; /* NULL: none, or there was no memory for it */
	struct listener_request *next, *previous;
};

/* --- owners ---------------------------------------------------------------------------------- */

static void http_release(struct listener_http *http)
{
	pthread_mutex_lock(&http->lock);
	bool last = --http->owners == 0;
	pthread_mutex_unlock(&http->lock);
	if (!last)
		return;
	pthread_cond_destroy(&http->drained);
	pthread_mutex_destroy(&http->lock);
	struct arena *arena = http->arena;
	arena_free(&arena);
}

static void request_release(struct listener_request *request)
{
	pthread_mutex_lock(&request->http->lock);
	bool last = --request->owners == 0;
	pthread_mutex_unlock(&request->http->lock);
	if (!last)
		return;
	if (request->response)
		MHD_destroy_response(request->response);
	buf_wipe(&request->body);
	struct arena *arena = request->head.arena;
	arena_free(&arena);
}

/* Called locked. */
static void open_add(struct listener_http *http, struct listener_request *request)
{
	request->next = http->open;
	if (http->open)
		http->open->previous = request;
	http->open = request;
}

/* Called locked. */
static void open_remove(struct listener_http *http, struct listener_request *request)
{
	if (request->previous)
		request->previous->next = request->next;
	else
		http->open = request->next;
	if (request->next)
		request->next->previous = request->previous;
	if (!http->open)
		pthread_cond_broadcast(&http->drained);
}

/* The connection is done with its request. */
static void finish(struct listener_request *request)
{
	struct listener_http *http = request->http;
	if (request->asked) {
		pthread_mutex_lock(&http->lock);
		open_remove(http, request);
		pthread_mutex_unlock(&http->lock);
	}
	request_release(request);
}

/* --- answers --------------------------------------------------------------------------------- */

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct listener_answer *answer,
			bool last)
{
	bool cached =
		listener_request_find(answer->headers, answer->header_count, "Cache-Control", true);
	bool done = add_header(response, "X-Content-Type-Options", "nosniff") &&
		    (cached || add_header(response, "Cache-Control", "no-store")) &&
		    (!last || add_header(response, "Connection", "close")) &&
		    (!answer->type || add_header(response, "Content-Type", answer->type));
	for (size_t i = 0; done && i < answer->header_count; i++)
		done = add_header(response, answer->headers[i].name, answer->headers[i].value);
	return done;
}

/* NULL: out of memory, or a header cannot be sent. */
static struct MHD_Response *response_of(const struct listener_answer *answer, bool last)
{
	size_t len = answer->type ? answer->body.len : 0;
	const char *at = len ? answer->body.at : "";
	struct MHD_Response *response = answer->constant
						? MHD_create_response_from_buffer_static(len, at)
						: MHD_create_response_from_buffer_copy(len, at);
	if (response && !add_headers(response, answer, last)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	return response;
}

static struct MHD_Response *refusal_of(unsigned status)
{
	struct listener_answer answer = {.status = status,
					 .type = "text/plain; charset=utf-8",
					 .body = listener_request_words(status),
					 .constant = true};
	return response_of(&answer, false);
}

/* Sends response, which it takes over; NULL: says that there was no memory. */
static enum MHD_Result respond(struct listener_request *request, unsigned status,
			       struct MHD_Response *response)
{
	struct listener_http *http = request->http;
	listener_connections_note(http->connections, request->at, LISTENER_ANSWERS);
	if (!response)
		return MHD_queue_response(request->connection, 503, http->unavailable);
	enum MHD_Result result = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct listener_request *request)
{
	log_debug("a request from %s is refused: %u", request->at->peer, request->refusal);
	return respond(request, request->refusal, refusal_of(request->refusal));
}

static enum MHD_Result send_answer(struct listener_request *request)
{
	pthread_mutex_lock(&request->http->lock);
	struct MHD_Response *response = request->response;
	request->response = NULL;
	pthread_mutex_unlock(&request->http->lock);
	return respond(request, request->status, response);
}

void listener_http_answer(struct listener_request *request, const struct listener_answer *answer)
{
	struct listener_http *http = request->http;
	struct MHD_Response *response = response_of(answer, atomic_load(&http->last));
	pthread_mutex_lock(&http->lock);
	request->answered = true;
	request->status = answer->status;
	request->response = response;
	if (request->suspended)
		MHD_resume_connection(request->connection);
	request->suspended = false;
	pthread_mutex_unlock(&http->lock);
	request_release(request);
	http_release(http);
}

/* --- requests -------------------------------------------------------------------------------- */

static struct listener_request *request_new(struct listener_http *http, const char *target)
{
	struct arena *arena = arena_new_small();
	struct listener_request *request =
		arena ? arena_new_of(arena, struct listener_request) : NULL;
	if (!request) {
		arena_free(&arena);
		return NULL;
	}
	*request = (struct listener_request){
		.head.arena = arena,
		.http = http,
		.body = buf_limit(http->options.body_bytes + 1),
		.owners = 1,
	};
	if (!listener_request_target(&request->head, target))
		request->refusal = 400;
	return request;
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct listener_http *http = cls;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct listener_connection *at = info ? info->socket_context : NULL;
	struct listener_request *request = at ? request_new(http, target) : NULL;
	if (!request)
		return NULL;
	request->connection = connection;
	request->at = at;
	request->head.peer = arena_string(request->head.arena, at->peer);
	request->head.failed |= !request->head.peer;
	at->request = request;
	listener_connections_note(http->connections, at, LISTENER_REQUEST);
	return request;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
				 size_t name_len, const char *value, size_t value_len)
{
	struct listener_request *request = cls;
	(void)kind;
	listener_request_header(&request->head, (struct str){name, name_len},
				(struct str){value, value_len});
	return request->head.failed ? MHD_NO : MHD_YES;
}

/* The headers are there. An answer now means that the body is not read. */
static enum MHD_Result begin(struct listener_request *request, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	request->begun = true;
	request->head.method = arena_string(request->head.arena, method);
	request->head.failed |= !request->head.method;
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, request);
	unsigned refusal = listener_request_refusal(&request->head, info ? info->header_size : 0,
						    &request->http->options);
	if (refusal == 503 || !request->refusal)
		request->refusal = refusal;
	return request->refusal ? refuse(request) : MHD_YES;
}

/* A piece of the body. What is too much is dropped, and its sender gets an answer at the end. */
static enum MHD_Result take(struct listener_request *request, const char *piece, size_t *size)
{
	size_t room = request->http->options.body_bytes - request->body.len;
	if (!request->refusal && *size <= room) {
		buf_add(&request->body, piece, *size);
		request->refusal = buf_ok(&request->body) ? 0 : 503;
	} else if (!request->refusal) {
		request->refusal = 413;
	}
	if (request->refusal) {
		buf_wipe(&request->body);
		request->dropped += *size;
	}
	*size = 0;
	return request->dropped > DROPPED_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result ask(struct listener_request *request)
{
	struct listener_http *http = request->http;
	listener_connections_note(http->connections, request->at, LISTENER_ASKED);
	pthread_mutex_lock(&http->lock);
	bool ending = http->ending;
	request->asked = true;
	open_add(http, request);
	request->owners += !ending;
	http->owners += !ending;
	pthread_mutex_unlock(&http->lock);
	if (ending)
		return send_answer(request);

	http->options.serve(http->options.ctx, request);

	pthread_mutex_lock(&http->lock);
	bool wait = !request->answered && !http->ending;
	if (wait)
		MHD_suspend_connection(request->connection);
	request->suspended = wait;
	pthread_mutex_unlock(&http->lock);
	return wait ? MHD_YES : send_answer(request);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *size, void **context)
{
	struct listener_http *http = cls;
	struct listener_request *request = *context;
	(void)url;
	(void)version;
	if (!request)
		return MHD_queue_response(connection, 503, http->unavailable);
	if (!request->begun)
		return begin(request, method);
	if (*size)
		return take(request, piece, size);
	if (request->refusal)
		return refuse(request);
	return request->asked ? send_answer(request) : ask(request);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct listener_http *http = cls;
	struct listener_request *request = *context;
	(void)connection;
	(void)code;
	if (!request)
		return;
	*context = NULL;
	request->at->request = NULL;
	if (!request->asked && !request->refusal)
		log_debug("a request from %s is malformed, or was broken off", request->at->peer);
	listener_connections_note(http->connections, request->at, LISTENER_DONE);
	finish(request);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct listener_http *http = cls;
	struct listener_connection *at = *context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = info ? listener_connections_start(http->connections, info->connect_fd)
				: NULL;
		return;
	}
	if (!at)
		return;
	/* After some errors there is no on_completed(). */
	if (at->request)
		finish(at->request);
	listener_connections_end(http->connections, at);
}

/* --- the server ------------------------------------------------------------------------------ */

/* Targets are decoded in listener_request.c, which can refuse them. */
static size_t on_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return str_of(text).len;
}

static struct MHD_Daemon *start(struct listener_http *http)
{
	const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC |
			       MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http,            /* */
				MHD_OPTION_URI_LOG_CALLBACK, on_target, http,      /* */
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,   /* */
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, /* */
				MHD_OPTION_UNESCAPE_CALLBACK, on_encoded, NULL,    /* */
				MHD_OPTION_CLIENT_DISCIPLINE_LVL, (int)STRICT,     /* */
				MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,    /* */
				MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, /* */
				MHD_OPTION_CONNECTION_LIMIT,
				THREADS * http->options.connections, /* of each */
				MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				http->options.header_bytes + (size_t)TABLE_BYTES, MHD_OPTION_END);
}

struct listener_http *listener_http_start(const struct listener_options *options,
					  struct listener_connections *connections)
{
	struct arena *arena = arena_new();
	struct listener_http *http = arena ? arena_new_of(arena, struct listener_http) : NULL;
	if (!http) {
		arena_free(&arena);
		return NULL;
	}
	*http = (struct listener_http){
		.arena = arena, .options = *options, .connections = connections, .owners = 1};
	pthread_mutex_init(&http->lock, NULL);
	cond_init(&http->drained);
	http->unavailable = refusal_of(503);
	http->daemon = http->unavailable ? start(http) : NULL;
	if (!http->daemon)
		listener_http_stop(&http);
	return http;
}

bool listener_http_add(struct listener_http *http, int fd, const struct sockaddr *address,
		       socklen_t size)
{
	return MHD_add_connection(http->daemon, fd, address, size) == MHD_YES;
}

void listener_http_last(struct listener_http *http)
{
	atomic_store(&http->last, true);
}

bool listener_http_drain(struct listener_http *http, int64_t milliseconds)
{
	int64_t end = clock_ms() + milliseconds;
	pthread_mutex_lock(&http->lock);
	for (int64_t left = milliseconds; http->open && left > 0; left = end - clock_ms())
		cond_wait_ms(&http->drained, &http->lock, left);
	bool drained = !http->open;
	pthread_mutex_unlock(&http->lock);
	return drained;
}

void listener_http_abandon(struct listener_http *http)
{
	pthread_mutex_lock(&http->lock);
	http->ending = true;
	for (struct listener_request *at = http->open; at; at = at->next) {
		if (at->suspended)
			MHD_resume_connection(at->connection);
		at->suspended = false;
	}
	pthread_mutex_unlock(&http->lock);
}

void listener_http_stop(struct listener_http **http)
{
	if (!*http)
		return;
	if ((*http)->daemon)
		MHD_stop_daemon((*http)->daemon);
	if ((*http)->unavailable)
		MHD_destroy_response((*http)->unavailable);
	http_release(*http);
	*http = NULL;
}

/* --- what was read --------------------------------------------------------------------------- */

const struct listener_head *listener_http_head(const struct listener_request *request)
{
	return &request->head;
}

struct str listener_http_body(const struct listener_request *request)
{
	return (struct str){buf_string(&request->body), request->body.len};
}
