/*
 * Handles are leased, not owned by threads: the last one returned for an origin is the next one
 * used, so few connections serve many workers and each stays warm. DNS answers and TLS sessions
 * are shared by all handles under locks, connections never are.
 */
#include "net/http.h"

#include "base/arena.h"
#include "base/log.h"
#include "net/handle.h"
#include "net/stream.h"
#include "net/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct http {
	struct arena *arena;
	struct tls *tls;
	const char *user_agent;
	CURLSH *share;
	pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
	pthread_mutex_t lock; /* guards idle */
	struct handle *idle;
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

/* libcurl reads http_proxy in lower case only; the programs we replace know both spellings. */
static void adopt_proxy_variable(void)
{
	const char *proxy = getenv("HTTP_PROXY");
	if (proxy && !getenv("http_proxy"))
		setenv("http_proxy", proxy, 0);
}

struct http *http_new(const char *user_agent, const char *ca_file)
{
	struct arena *arena = arena_new();
	struct http *http = arena ? arena_new_of(arena, struct http) : NULL;
	if (!http || curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		arena_free(&arena);
		return NULL;
	}
	adopt_proxy_variable();
	http->arena = arena;
	http->user_agent = user_agent;
	pthread_mutex_init(&http->lock, NULL);
	http->tls = tls_new(ca_file);
	if (!http->tls || !share_open(http))
		http_free(&http);
	return http;
}

void http_free(struct http **http)
{
	if (!*http)
		return;
	struct arena *arena = (*http)->arena;
	while ((*http)->idle) {
		struct handle *handle = (*http)->idle;
		(*http)->idle = handle->next;
		handle_free(&handle);
	}
	if ((*http)->share)
		curl_share_cleanup((*http)->share);
	tls_free(&(*http)->tls);
	pthread_mutex_destroy(&(*http)->lock);
	curl_global_cleanup();
	*http = NULL;
	arena_free(&arena);
}

/* Takes the handle that was used last for key out of the idle list. */
static struct handle *take_idle(struct http *http, const char *key)
{
	struct handle *found = NULL;
	pthread_mutex_lock(&http->lock);
	for (struct handle **at = &http->idle; *at; at = &(*at)->next) {
		if (strcmp((*at)->key, key) != 0)
			continue;
		found = *at;
		*at = found->next;
		break;
	}
	pthread_mutex_unlock(&http->lock);
	return found;
}

static void give_back(void *ctx, struct handle *handle)
{
	struct http *http = ctx;
	if (handle->broken) {
		handle_free(&handle);
		return;
	}
	pthread_mutex_lock(&http->lock);
	handle->next = http->idle;
	http->idle = handle;
	pthread_mutex_unlock(&http->lock);
}

static bool new_handle(struct http *http, const struct http_request *request, const char *key,
		       struct handle **out, struct error *err)
{
	struct handle *handle = handle_new(key, request->url->host);
	if (!handle)
		return error_memory(err);
	curl_easy_setopt(handle->easy, CURLOPT_SHARE, http->share);
	curl_easy_setopt(handle->easy, CURLOPT_USERAGENT, http->user_agent);
	if (strcmp(request->url->scheme, "https") == 0 &&
	    !tls_session_new(http->tls, handle->easy, str_of(request->url->host), request->insecure,
			     &handle->tls, err)) {
		handle_free(&handle);
		return false;
	}
	*out = handle;
	return true;
}

/* Leases a handle for the request's origin and starts the exchange on it. */
static bool start(struct http *http, const struct http_request *request, struct http_answer *answer,
		  struct handle **out, struct error *err)
{
	char key[HANDLE_KEY_SIZE];
	const struct url *url = request->url;
	*answer = (struct http_answer){0};
	int len = snprintf(key, sizeof(key), "%s://%s:%s%s", url->scheme, url->host, url->port,
			   request->insecure ? " insecure" : "");
	if (len < 0 || (size_t)len >= sizeof(key))
		return error_set(err, ERROR_REFUSED, "host name too long: %.64s...", url->host);
	struct handle *handle = take_idle(http, key);
	if (!handle && !new_handle(http, request, key, &handle, err))
		return false;
	if (!handle_start(handle, request, answer, err)) {
		handle_free(&handle);
		return false;
	}
	*out = handle;
	return true;
}

static void log_exchange(const struct http_request *request, const struct http_answer *answer)
{
	struct str public = url_public(request->url);
	log_debug("%s %.*s: %d", request->method, STR_ARGS(public), answer->status);
}

bool http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct error *err)
{
	struct handle *handle = NULL;
	if (!start(http, request, answer, &handle, err))
		return false;
	bool ok = true;
	while (ok && !handle->finished)
		ok = handle_step(handle, err);
	handle_stop(handle);
	give_back(http, handle);
	if (ok)
		log_exchange(request, answer);
	return ok;
}

bool http_open(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct stream **out, struct error *err)
{
	struct handle *handle = NULL;
	bool ok = start(http, request, answer, &handle, err);
	if (!ok)
		return false;
	handle->stream = stream_new(handle, request->expect_size, give_back, http);
	ok = handle->stream != NULL || error_memory(err);
	while (ok && !handle->finished && !handle->head_complete)
		ok = handle_step(handle, err);
	bool success = ok && answer->status >= 200 && answer->status < 300;
	while (ok && !success && !handle->finished)
		ok = handle_step(handle, err);
	if (ok)
		log_exchange(request, answer);
	handle->answer = NULL;
	*out = handle->stream;
	if (!success && *out)
		stream_close(out);
	else if (!success)
		handle_free(&handle);
	return ok;
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
	while (rest.len) {
		size_t end = str_find(rest, '\n');
		struct str line = str_head(rest, end);
		size_t colon = str_find(line, ':');
		*at += end + 1;
		rest = str_from(rest, end + 1);
		if (!str_equal_nocase(str_head(line, colon), str_of(name)))
			continue;
		*value = str_trim(str_from(line, colon + 1));
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
