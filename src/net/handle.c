/*
 * Every request, from a HEAD to a download, runs through the multi interface, so that one loop does
 * the waiting: it sees the request to stop, notices a silent peer, and lets a download be pulled
 * while an upload runs. The callbacks only move bytes and note why they stopped a transfer.
 *
 * libcurl looks up names in a separate thread that cannot be ended. When its transfer is given up
 * the thread is abandoned (CURLOPT_QUICK_EXIT) and ends with the C library's own timeout. After a
 * stop, only requests that clean up may begin (admission.h).
 */
#include "net/handle.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/format.h"
#include "net/admission.h"
#include "net/distance.h"
#include "net/failure.h"
#include "net/handles.h"
#include "net/inside.h"
#include "net/low_water.h"
#include "net/patience.h"
#include "net/stream.h"
#include "net/watch.h"

#include <string.h>

enum {
	UP_BUFFER_MIN = 16 * 1024, /* libcurl's own limit */
	UP_BUFFER_MAX = 256 * 1024,
	HEADERS_MAX = 64 * 1024,
	ERROR_BODY_MAX = 64 * 1024,
};

/* Records why a callback ends the transfer; the first reason counts. */
static void stop_because(struct handle *handle, const struct error *reason)
{
	if (!handle->stopped)
		handle->reason = *reason;
	handle->stopped = true;
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

static size_t take_header(char *at, size_t size, size_t count, void *ctx)
{
	struct handle *handle = ctx;
	struct http_answer *answer = handle->answer;
	struct str line = {at, size * count};
	struct error reason;
	handle->last_progress = clock_ms();
	if (!answer) /* trailers of a download */
		return size * count;
	while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	if (str_starts(line, "HTTP/")) {
		int64_t status = 0;
		str_to_int64(str_head(str_from(line, str_find(line, ' ') + 1), 3), &status);
		handle->status = answer->status = (int)status;
		buf_reset(&answer->headers);
		handle->head_complete = false;
	} else if (line.len) {
		buf_add_str(&answer->headers, line);
		buf_add_char(&answer->headers, '\n');
	} else if (handle->status >= 200) {
		handle->head_complete = true;
		handle->news = true;
	}
	if (buf_ok(&answer->headers))
		return size * count;
	error_set(&reason, ERROR_CORRUPT, "the answer's headers exceed %d bytes", HEADERS_MAX);
	stop_because(handle, &reason);
	return 0;
}

/* An error page may be cut short; a requested body may not. */
static size_t keep_body(struct handle *handle, const char *at, size_t len)
{
	struct http_answer *answer = handle->answer;
	struct error reason;
	bool success = is_success(handle->status);
	size_t max = success ? handle->request.answer_max : ERROR_BODY_MAX;
	if (len <= max && answer->body.len <= max - len) {
		buf_add(&answer->body, at, len);
		if (buf_ok(&answer->body))
			return len;
		error_memory(&reason);
	} else if (!success) {
		handle->enough = true;
		return CURL_WRITEFUNC_ERROR;
	} else {
		error_set(&reason, ERROR_CORRUPT, "the answer exceeds %zu bytes", max);
	}
	stop_because(handle, &reason);
	return CURL_WRITEFUNC_ERROR;
}

static size_t take_body(char *at, size_t size, size_t count, void *ctx)
{
	struct handle *handle = ctx;
	size_t len = size * count;
	handle->last_progress = clock_ms();
	if (!handle->stream || !is_success(handle->status))
		return keep_body(handle, at, len);
	if (!stream_put(handle->stream, at, len))
		return CURL_WRITEFUNC_PAUSE;
	handle->moved += (int64_t)len;
	handle->news = true;
	return len;
}

/* libcurl wants more of the request's body: pull it from the stream, however long that takes. */
static size_t give_body(char *at, size_t size, size_t count, void *ctx)
{
	struct handle *handle = ctx;
	struct reader *stream = handle->request.stream;
	struct error reason;
	size_t room = size * count;
	size_t got = 0;
	if ((int64_t)room > handle->stream_left)
		room = (size_t)handle->stream_left;
	int64_t begun = clock_ms();
	bool ok = !room || stream->read(stream, at, room, &got, &reason);
	handle->last_progress = clock_ms();
	handle->reader_ms += handle->last_progress - begun;
	if (!ok) {
		stop_because(handle, &reason);
		return CURL_READFUNC_ABORT;
	}
	if (room && !got) {
		error_set(&reason, ERROR_NETWORK, "the source ended %lld bytes early",
			  (long long)handle->stream_left);
		stop_because(handle, &reason);
		return CURL_READFUNC_ABORT;
	}
	handle->stream_left -= (int64_t)got;
	return got;
}

/* True when the exchange may connect to address or, with NULL, look up its host. */
static bool is_admitted(struct handle *handle, const struct sockaddr *address)
{
	struct error reason;
	const struct admission connection = {.host = handle->host,
					     .address = address,
					     .ports = handle->ports,
					     .chosen = handle->chosen,
					     .proxied = handle->proxied,
					     .stopping = cancel_requested(),
					     .cleanup = handle->request.cleanup};
	bool admitted = admission_check(&connection, &reason);
	if (!admitted)
		stop_because(handle, &reason);
	return admitted;
}

/* libcurl is about to look up a name that it does not know. */
static int start_resolver(void *state, void *reserved, void *ctx)
{
	(void)state;
	(void)reserved;
	return !is_admitted(ctx, NULL);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct handle *handle = ctx;
	if (!is_admitted(handle, &address->addr))
		return CURL_SOCKET_BAD;
	if (address->addrlen <= sizeof(handle->tried))
		memcpy(&handle->tried, &address->addr, address->addrlen);
	struct error reason = {0};
	int fd = handles_socket(handle->others, address->family, address->socktype | SOCK_CLOEXEC,
				address->protocol, &reason);
	if (reason.kind == ERROR_NETWORK)
		error_wrap(&reason, "%s", handle->host);
	if (reason.kind)
		stop_because(handle, &reason);
	return fd;
}

/* Sets the options that never change in the life of a handle. */
static void set_constants(struct handle *handle)
{
	CURL *easy = handle->easy;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, start_resolver);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, handle);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)HANDLE_STEP_MAX);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->detail);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, handle);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, handle);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(easy, CURLOPT_READDATA, handle);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, handle);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, handle);
}

struct handle *handle_new(const char *host, bool chosen, int64_t stall_ms)
{
	struct arena *arena = arena_new();
	struct handle *handle = arena ? arena_new_of(arena, struct handle) : NULL;
	if (!handle) {
		arena_free(&arena);
		return NULL;
	}
	handle->arena = arena;
	handle->chosen = chosen;
	handle->stall_ms = stall_ms;
	handle->easy = curl_easy_init();
	handle->multi = curl_multi_init();
	format_text(handle->host, sizeof(handle->host), "%s", host);
	if (!handle->easy || !handle->multi) {
		handle_free(&handle);
		return NULL;
	}
	set_constants(handle);
	return handle;
}

void handle_free(struct handle **handle)
{
	if (!*handle)
		return;
	struct arena *arena = (*handle)->arena;
	handle_stop(*handle);
	/* Cached connections in the multi still point to the TLS session: it goes last. */
	curl_easy_cleanup((*handle)->easy);
	curl_multi_cleanup((*handle)->multi);
	tls_session_free(&(*handle)->tls);
	*handle = NULL;
	arena_free(&arena);
}

static bool add_header(struct handle *handle, const char *line)
{
	struct curl_slist *more = curl_slist_append(handle->headers, line);
	if (more)
		handle->headers = more;
	return more != NULL;
}

static bool set_headers(struct handle *handle)
{
	const struct http_request *request = &handle->request;
	/* No pause for "Expect: 100-continue", and no content type chosen by libcurl. */
	bool ok = add_header(handle, "Expect:") &&
		  add_header(handle, "Accept-Encoding: identity") &&
		  add_header(handle, "Content-Type:");
	for (size_t i = 0; ok && i < request->header_count; i++)
		ok = add_header(handle, request->headers[i]);
	return ok &&
	       curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, handle->headers) == CURLE_OK;
}

/*
 * The size of libcurl's buffer for what is sent. It keeps that for the next request, and many
 * connections are idle: so it is no larger than it need be.
 */
static long up_buffer(const struct http_request *request)
{
	int64_t size = request->stream ? request->stream_size : 0;
	if (size > UP_BUFFER_MAX)
		return UP_BUFFER_MAX;
	return size < UP_BUFFER_MIN ? UP_BUFFER_MIN : (long)size;
}

/* Each branch first undoes what an earlier request may have left behind. */
static void set_method(struct handle *handle)
{
	const struct http_request *request = &handle->request;
	CURL *easy = handle->easy;
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, up_buffer(request));
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (request->stream) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->stream_size);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	} else if (strcmp(request->method, "GET") != 0) {
		const char *body = request->body.at ? request->body.at : "";
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

static bool set_patience(struct handle *handle)
{
	long limit = (long)patience_connect_ms(handle->turn.patience_ms);
	long whole = handle->request.timeout_ms;
	return curl_easy_setopt(handle->easy, CURLOPT_CONNECTTIMEOUT_MS, limit) == CURLE_OK &&
	       curl_easy_setopt(handle->easy, CURLOPT_TIMEOUT_MS, whole) == CURLE_OK;
}

/*
 * With any receive limit libcurl reads one buffer a step. Not with TLS: one record is too little.
 */
static bool set_step(struct handle *handle)
{
	curl_off_t speed = handle->tls ? 0 : (curl_off_t)1 << 50;
	return curl_easy_setopt(handle->easy, CURLOPT_MAX_RECV_SPEED_LARGE, speed) == CURLE_OK;
}

/* libcurl signs the request, with a path it normalises; handle_stop() discards such a handle. */
static bool set_signature(struct handle *handle)
{
	const struct http_signature *signature = handle->request.signature;
	CURL *easy = handle->easy;
	if (!signature)
		return true;
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 0L);
	return curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, signature->scope) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERNAME, signature->access_key) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PASSWORD, signature->secret_key) == CURLE_OK;
}

bool handle_start(struct handle *handle, const struct http_request *request,
		  struct http_answer *answer, struct error *err)
{
	handle->request = *request;
	handle->status = 0;
	handle->answer = answer;
	handle->stream = NULL;
	handle->stream_left = request->stream_size;
	handle->last_progress = clock_ms();
	handle->sent = handle->waited_ms = handle->moved = 0;
	handle->head_complete = handle->finished = handle->broken = false;
	handle->enough = handle->stopped = false;
	handle->code = CURLE_OK;
	handle->detail[0] = '\0';
	*answer = (struct http_answer){.headers = buf_limit(HEADERS_MAX)};
	format_text(answer->host, sizeof(answer->host), "%.*s", HTTP_HOST_SIZE - 1, handle->host);
	set_method(handle);
	if (!set_headers(handle) || !set_step(handle) || !set_signature(handle) ||
	    !set_patience(handle) ||
	    curl_easy_setopt(handle->easy, CURLOPT_URL, request->url->text) != CURLE_OK ||
	    curl_multi_add_handle(handle->multi, handle->easy) != CURLM_OK)
		return error_memory(err);
	handle->running = true;
	return true;
}

bool handle_connected(const struct handle *handle)
{
	curl_off_t us = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0;
}

/* Takes the result of a transfer that libcurl has ended. */
static bool take_result(struct handle *handle, CURLcode code, struct error *err)
{
	handle->finished = true;
	handle->code = code;
	handle->broken = code != CURLE_OK;
	if (handle->stopped) {
		*err = handle->reason;
		return false;
	}
	/* libcurl takes a head that was cut off for an answer with fewer headers. */
	if (code == CURLE_OK && !handle->head_complete) {
		handle->broken = true;
		return error_set(err, ERROR_NETWORK,
				 "%s: the connection ended in the headers of the answer",
				 handle->host);
	}
	if (code == CURLE_OK || (handle->enough && code == CURLE_WRITE_ERROR))
		return true;
	/* A server may refuse an upload and close the connection: its complete answer counts. */
	if (handle->head_complete && handle->status >= 400 &&
	    (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR))
		return true;
	return failure_explain(handle, code, err);
}

/* Sleeps until there is network activity or a request to stop. */
static void wait_for_network(struct handle *handle)
{
	struct curl_waitfd stop = {.fd = cancel_fd(), .events = CURL_WAIT_POLLIN};
	bool watch = stop.fd >= 0 && !cancel_requested();
	curl_multi_poll(handle->multi, watch ? &stop : NULL, watch ? 1 : 0,
			cancel_requested() ? 100 : 1000, NULL);
}

static bool step(struct handle *handle, struct error *err)
{
	int running = 0;
	int left = 0;
	handle->news = false;
	low_water_update(handle);
	CURLMcode code = curl_multi_perform(handle->multi, &running);
	if (code != CURLM_OK)
		return error_set(err, ERROR_NETWORK, "%s", curl_multi_strerror(code));
	const CURLMsg *message = curl_multi_info_read(handle->multi, &left);
	if (message && message->msg == CURLMSG_DONE)
		return take_result(handle, message->data.result, err);
	if (!watch_check(handle, err))
		return false;
	/* With bytes for the reader there is no wait; the transfer may even be paused. */
	watch_silence(handle);
	if (!handle->stream || !handle->news)
		wait_for_network(handle);
	return true;
}

bool handle_step(struct handle *handle, struct error *err)
{
	int64_t begun = clock_ms();
	handle->reader_ms = 0;
	bool ok = step(handle, err);
	handle->waited_ms += clock_ms() - begun - handle->reader_ms;
	return ok;
}

/* A missing name or a bad certificate is likely to stay as it is, and weighs more. */
static unsigned weight_of(const struct handle *handle, enum error_kind kind)
{
	bool name = handle->code == CURLE_COULDNT_RESOLVE_HOST ||
		    handle->code == CURLE_COULDNT_RESOLVE_PROXY;
	switch (kind) {
	case ERROR_TLS:
		return OUTAGE_LASTING;
	case ERROR_NOT_TLS: /* this is how plain http is detected */
		return handle->request.insecure || inside_loopback(str_of(handle->host))
			       ? 0
			       : OUTAGE_LASTING;
	case ERROR_UNREACHABLE:
		return name ? 3 : 1;
	case ERROR_NETWORK:
		return 1;
	default:
		return 0;
	}
}

void handle_blame(const struct handle *handle, const struct error *err, struct outage_failure *out)
{
	out->silent_ms = clock_ms() - handle->last_progress;
	out->early = !handle_connected(handle);
	bool late = handle->request.spare && handle->code == CURLE_OPERATION_TIMEDOUT;
	bool innocent = handle->stopped || handle->status || late;
	out->weight = innocent ? 0 : weight_of(handle, err->kind);
}

/* Behind a proxy the server is no farther away than an answer. */
static void measure_distance(struct handle *handle)
{
	curl_off_t ready = 0, all = 0;
	curl_socket_t connection = CURL_SOCKET_BAD;
	curl_easy_getinfo(handle->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	curl_easy_getinfo(handle->easy, CURLINFO_TOTAL_TIME_T, &all);
	curl_easy_getinfo(handle->easy, CURLINFO_ACTIVESOCKET, &connection);
	bool direct = !handle->proxied && connection != CURL_SOCKET_BAD;
	int64_t distance = direct ? distance_us(connection) : -1;
	handle->distance_us = distance >= 0 && distance < all - ready ? distance : all - ready;
}

void handle_stop(struct handle *handle)
{
	long opened = 0;
	if (handle->running)
		curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &opened);
	if (opened)
		measure_distance(handle);
	if (handle->running)
		curl_multi_remove_handle(handle->multi, handle->easy);
	if (handle->running &&
	    (!handle->finished || handle->low_water || handle->request.signature))
		handle->broken = true;
	if (handle->easy)
		curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(handle->headers);
	handle->headers = NULL;
	waits_end(&handle->silence);
	handle->running = handle->low_water = false;
	handle->stream = NULL;
}
