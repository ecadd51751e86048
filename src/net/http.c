/*
 * Handles are leased, not owned by threads (handles.h). DNS answers and TLS sessions are shared by
 * all of them under locks, connections never are.
 *
 * The key of a line names its trust set and its proxy by the addresses of their records: both live
 * as long as the client, and a proxy's credentials are not copied. libcurl always gets a proxy or
 * an explicit "none": on its own it would read the environment by different rules, and quote values
 * it cannot parse.
 */
#include "net/http.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/log.h"
#include "base/map.h"
#include "net/address.h"
#include "net/handles.h"
#include "net/inside.h"
#include "net/limiter.h"
#include "net/rate_limit.h"
#include "net/sight.h"
#include "net/stream.h"
#include "net/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 384, BRIEF_MAX = 128 * 1024 };

struct http {
	struct arena *arena;
	struct trust_set *tls; /* the usual trust */
	const char *user_agent;
	const struct ports *ports;
	const struct http_observer *observer;
	int64_t stall_ms;
	const struct proxies *environment;
	struct limiter *limiter;
	struct handles *handles;
	CURLSH *share;
	pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
	pthread_mutex_t lock; /* guards the members below, and arena */
	struct map trusts;    /* file of certificate authorities -> struct trust_set */
	struct map proxies;   /* identity -> the first proxy that has it */
};

/* How a request gets to its server. */
struct route {
	struct trust_set *tls;
	const struct proxy *proxy; /* from the map of proxies; NULL: none */
	struct handles_line *line;
};

static void share_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *ctx)
{
	struct http *http = ctx;
	(void)easy;
	(void)access;
	pthread_mutex_lock(&http->share_locks[data]);
}

static void share_unlock(CURL *easy, curl_lock_data data, void *ctx)
{
	struct http *http = ctx;
	(void)easy;
	pthread_mutex_unlock(&http->share_locks[data]);
}

static bool share_open(struct http *http)
{
	http->share = curl_share_init();
	if (!http->share)
		return false;
	for (size_t i = 0; i < array_count(http->share_locks); i++)
		pthread_mutex_init(&http->share_locks[i], NULL);
	curl_share_setopt(http->share, CURLSHOPT_LOCKFUNC, share_lock);
	curl_share_setopt(http->share, CURLSHOPT_UNLOCKFUNC, share_unlock);
	curl_share_setopt(http->share, CURLSHOPT_USERDATA, http);
	curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return true;
}

struct http *http_new(const struct http_options *options)
{
	struct arena *arena = arena_new();
	struct http *http = arena ? arena_new_of(arena, struct http) : NULL;
	if (!http || curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		arena_free(&arena);
		return NULL;
	}
	http->arena = arena;
	http->user_agent = options->user_agent;
	http->ports = options->ports;
	http->observer = options->observer;
	http->stall_ms = (int64_t)options->stall_seconds * 1000;
	http->environment = options->proxies;
	pthread_mutex_init(&http->lock, NULL);
	http->limiter = limiter_new(options->per_second);
	http->handles = handles_new();
	http->tls = tls_set_new(options->ca_file);
	if (!http->limiter || !http->handles || !http->tls || !share_open(http))
		http_free(&http);
	return http;
}

void http_close_idle(struct http *http)
{
	handles_close_idle(http->handles);
}

void http_forgive(struct http *http)
{
	limiter_forgive(http->limiter);
}

void http_free(struct http **http)
{
	if (!*http)
		return;
	struct arena *arena = (*http)->arena;
	handles_free(&(*http)->handles);
	if ((*http)->share)
		curl_share_cleanup((*http)->share);
	for (size_t i = 0; i < (*http)->trusts.count; i++) {
		struct trust_set *tls = (*http)->trusts.entries[i].value;
		tls_set_free(&tls);
	}
	map_finish(&(*http)->trusts);
	map_finish(&(*http)->proxies);
	tls_set_free(&(*http)->tls);
	limiter_free(&(*http)->limiter);
	pthread_mutex_destroy(&(*http)->lock);
	curl_global_cleanup();
	*http = NULL;
	arena_free(&arena);
}

/* Ends an exchange whose answer was read as a stream. */
static void release(void *ctx, struct handle *handle)
{
	struct http *http = ctx;
	const struct handle_turn turn = handle->turn;
	handles_end(http->handles, &turn, handle);
}

/* The trust set of one file of authorities, or the usual one. Caller holds the lock. */
static struct trust_set *find_trust(struct http *http, const char *ca)
{
	struct trust_set *tls = ca ? map_get(&http->trusts, str_of(ca)) : http->tls;
	if (tls)
		return tls;
	tls = tls_set_new(ca);
	if (tls && !map_put(&http->trusts, str_of(ca), tls))
		tls_set_free(&tls);
	return tls;
}

/* One record for all proxies that are equal; NULL without memory. Caller holds the lock. */
static const struct proxy *one_proxy(struct http *http, const struct proxy *proxy)
{
	struct str identity = str_of(proxy->identity);
	const struct proxy *first = map_get(&http->proxies, identity);
	if (first)
		return first;
	return map_put(&http->proxies, identity, (void *)(uintptr_t)proxy) ? proxy : NULL;
}

static bool find_route(struct http *http, const struct http_request *request, struct route *out,
		       struct error *err)
{
	const struct url *url = request->url;
	const struct proxy *proxy = request->proxy;
	char key[KEY_SIZE];
	if (!proxy && http->environment)
		proxy = proxy_for(http->environment, url);
	pthread_mutex_lock(&http->lock);
	out->tls = find_trust(http, request->ca);
	out->proxy = proxy ? one_proxy(http, proxy) : NULL;
	pthread_mutex_unlock(&http->lock);
	if (!out->tls || (proxy && !out->proxy))
		return error_memory(err);
	int len = format_text(key, sizeof(key), "%s://%s:%s%s%s %p %p %p", url->scheme, url->host,
			      url->port, request->insecure ? " insecure" : "",
			      request->chosen ? " chosen" : "", (void *)out->tls,
			      (const void *)out->proxy, (const void *)request->client);
	if (len < 0 || (size_t)len >= sizeof(key))
		return error_set(err, ERROR_REFUSED, "host name too long: %.64s...", url->host);
	out->line = handles_line(http->handles, key);
	return out->line != NULL || error_memory(err);
}

/* A registry's own proxy takes precedence over the environment and its exceptions. */
static bool set_proxy(struct handle *handle, const struct proxy *proxy, struct error *err)
{
	CURL *easy = handle->easy;
	handle->proxied = proxy != NULL;
	handle->proxy = proxy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy->url : "");
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (!code && proxy && proxy->username)
		code = curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->username);
	if (!code && proxy && proxy->username)
		code = curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password);
	return !code || error_memory(err);
}

static bool set_tls(struct handle *handle, const struct http_request *request,
		    const struct route *route, struct error *err)
{
	const struct tls_client *client = request->client;
	if (strcmp(request->url->scheme, "https") != 0)
		return true;
	return tls_session_new(route->tls, handle->easy, str_of(request->url->host),
			       request->insecure, &handle->tls, err) &&
	       (!client || tls_session_identify(handle->easy, client, err));
}

/* Makes a handle. On failure returns NULL and sets err. */
static struct handle *new_handle(struct http *http, const struct http_request *request,
				 const struct route *route, struct error *err)
{
	struct handle *handle = handle_new(request->url->host, request->chosen, http->stall_ms);
	if (!handle) {
		error_memory(err);
		return NULL;
	}
	handle->ports = http->ports;
	handle->others = http->handles;
	curl_easy_setopt(handle->easy, CURLOPT_SHARE, http->share);
	curl_easy_setopt(handle->easy, CURLOPT_USERAGENT, http->user_agent);
	if (!set_proxy(handle, route->proxy, err) || !set_tls(handle, request, route, err))
		handle_free(&handle);
	else if (http->observer && handle->tls)
		tls_session_keep_chain(handle->tls);
	return handle;
}

/* FNV-1a: good enough to tell one path from another. */
static uint64_t number_of(const char *path)
{
	uint64_t number = 0xcbf29ce484222325;
	for (; *path; path++)
		number = (number ^ (unsigned char)*path) * 0x100000001b3;
	return number;
}

/* Waits for the request's turn at its server. */
static bool await_turn(struct http *http, const struct http_request *request,
		       struct limiter_lease *turn, struct error *err)
{
	scoped(buf_finish) struct buf origin = {0};
	const struct url *url = request->url;
	buf_printf(&origin, "%s:%s", url->host, url->port);
	if (!buf_ok(&origin))
		return error_memory(err);
	if (!limiter_begin(http->limiter, origin.at, !request->stream, turn, err))
		return false;
	turn->failure.path = number_of(url->text);
	return true;
}

static bool is_limited(const struct http_request *request, const struct http_answer *answer)
{
	return request->limited ? request->limited(answer) : answer->status == 429;
}

/*
 * Ends the turn with the server's answer or its absence, which sets the pace of the next request.
 */
static bool end_turn(struct limiter_lease *turn, const struct http_request *request,
		     const struct http_answer *answer, bool answered, struct error *err)
{
	bool limited = answered && is_limited(request, answer);
	bool waits = limited || (answered && answer->status == 503);
	if (answered)
		limiter_end(turn, answer->status, limited,
			    waits ? rate_limit_wait(answer, clock_unix()) : -1);
	else
		limiter_failed(turn, err);
	return answered;
}

/* True unless there is a body that is long or of unknown length. */
static bool is_brief(bool body, int64_t size)
{
	return !body || (size > 0 && size <= BRIEF_MAX);
}

/* False when the host's text alone forbids the request, with a proxy or without. */
static bool may_go(const struct http_request *request, struct error *err)
{
	const char *host = request->url->host;
	const char *why = inside_host_refused(host, request->chosen);
	return !why || error_set(err, ERROR_REFUSED, "refusing to connect to %s: %s", host, why);
}

/* Leases a handle for the request's origin and starts the exchange on it; turn->brief is set. */
static bool start(struct http *http, const struct http_request *request, struct handle_turn *turn,
		  struct http_answer *answer, struct handle **out, struct error *err)
{
	struct route route = {0};
	*answer = (struct http_answer){0};
	if (!may_go(request, err) || !find_route(http, request, &route, err))
		return false;
	turn->line = route.line;
	struct handle *handle = handles_begin(http->handles, turn);
	if (!handle)
		handle = new_handle(http, request, &route, err);
	if (handle) {
		handle->turn = *turn;
		if (handle_start(handle, request, answer, err)) {
			*out = handle;
			return true;
		}
		handle->broken = true;
	}
	handles_end(http->handles, turn, handle);
	return false;
}

/* Notes in the answer and the log what is known once its head is there. */
static void take_note(const struct http_request *request, const struct handle *handle,
		      struct http_answer *answer)
{
	struct sockaddr_storage address;
	const char *text = NULL;
	curl_easy_getinfo(handle->easy, CURLINFO_PRIMARY_IP, &text);
	answer->inside = !handle->proxied && text && address_parse(text, &address) &&
			 address_internal((const struct sockaddr *)&address);
	const struct url *url = request->url;
	struct str public = url_public(url);
	if (request->discreet)
		log_debug("%s %s://%s:%s/***: %d", request->method, url->scheme, url->host,
			  url->port, answer->status);
	else
		log_debug("%s %.*s: %d", request->method, STR_ARGS(public), answer->status);
}

/* Tells the observer how an exchange went. handle NULL: it did not begin. */
static void tell(const struct http *http, const struct http_request *request,
		 const struct handle *handle, const struct http_answer *answer,
		 const struct error *err)
{
	const struct sighting sight = {.request = request,
				       .proxy = handle ? handle->proxy : NULL,
				       .answer = err ? NULL : answer,
				       .err = err};
	sight_tell(http->observer, handle, &sight);
}

/* http_send() without waiting for its turn; a failure of the server is noted in lease. */
static bool send_now(struct http *http, const struct http_request *request,
		     struct limiter_lease *lease, struct http_answer *answer, struct error *err)
{
	struct handle *handle = NULL;
	bool limited = request->timeout_ms > 0;
	struct handle_turn turn = {.brief = is_brief(request->stream, request->stream_size),
				   .patience_ms =
					   limited ? request->timeout_ms : lease->patience_ms,
				   .over = lease->over};
	if (!start(http, request, &turn, answer, &handle, err)) {
		tell(http, request, NULL, NULL, err);
		return false;
	}
	bool ok = true;
	while (ok && !handle->finished)
		ok = handle_step(handle, err);
	if (ok)
		take_note(request, handle, answer);
	else
		handle_blame(handle, err, &lease->failure);
	tell(http, request, handle, answer, ok ? NULL : err);
	handle_stop(handle);
	handles_end(http->handles, &turn, handle);
	return ok;
}

bool http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct error *err)
{
	struct limiter_lease turn;
	*answer = (struct http_answer){0};
	if (!await_turn(http, request, &turn, err))
		return false;
	bool ok = send_now(http, request, &turn, answer, err);
	return end_turn(&turn, request, answer, ok, err);
}

/* The same for http_open(). */
static bool open_now(struct http *http, const struct http_request *request,
		     struct limiter_lease *lease, struct http_answer *answer, struct stream **out,
		     struct error *err)
{
	struct handle *handle = NULL;
	struct handle_turn turn = {.brief = is_brief(true, request->expect_size),
				   .patience_ms = lease->patience_ms,
				   .over = lease->over};
	bool ok = start(http, request, &turn, answer, &handle, err);
	if (!ok)
		return false;
	handle->stream = stream_new(handle, request->expect_size, release, http);
	ok = handle->stream != NULL || error_memory(err);
	while (ok && !handle->finished && !handle->head_complete)
		ok = handle_step(handle, err);
	bool success = handle->head_complete && answer->status >= 200 && answer->status < 300;
	if (!ok && success)
		ok = stream_failed(handle->stream, err);
	success = success && ok;
	while (ok && !success && !handle->finished)
		ok = handle_step(handle, err);
	if (ok)
		take_note(request, handle, answer);
	else
		handle_blame(handle, err, &lease->failure);
	handle->answer = NULL;
	*out = handle->stream;
	if (!success && *out) {
		stream_close(out);
	} else if (!success) {
		handle->broken = true;
		release(http, handle);
	}
	return ok;
}

bool http_open(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct stream **out, struct error *err)
{
	struct limiter_lease turn;
	*answer = (struct http_answer){0};
	if (!await_turn(http, request, &turn, err))
		return false;
	bool ok = open_now(http, request, &turn, answer, out, err);
	return end_turn(&turn, request, answer, ok, err);
}

void http_answer_finish(struct http_answer *answer)
{
	buf_finish(&answer->headers);
	buf_finish(&answer->body);
}

bool http_header_next(const struct http_answer *answer, const char *name, size_t *at,
		      struct str *value)
{
	struct str rest = str_from(buf_str(&answer->headers), *at);
	const struct str wanted = str_of(name);
	while (rest.len) {
		size_t end = str_find(rest, '\n');
		struct str line = str_head(rest, end);
		*at += end + 1;
		rest = str_from(rest, end + 1);
		/* Most are told by the place of their colon. */
		if (line.len > wanted.len && line.at[wanted.len] != ':')
			continue;
		if (!str_equal_nocase(str_head(line, wanted.len), wanted))
			continue;
		*value = str_trim(str_from(line, wanted.len + 1));
		return true;
	}
	return false;
}

struct str http_header(const struct http_answer *answer, const char *name)
{
	struct str value = {0};
	size_t at = 0;
	return http_header_next(answer, name, &at, &value) ? value : (struct str){0};
}
