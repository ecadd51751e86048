/*
 * libcurl follows no redirects: this file decides for each hop whether it may be taken, and whether
 * the login goes along. A streamed body is spent and cannot be sent on.
 */
#include "registry/send.h"

#include "base/log.h"
#include "net/inside.h"
#include "registry/answer.h"
#include "registry/headers.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/registry_private.h"

#include <string.h>

enum { REDIRECTS_MAX = 5, TEXT_MAX = 64 * 1024, SPARE_MS = 10000 };

static bool request_url(struct exchange *exchange, struct url *out, struct error *err)
{
	const struct request *request = exchange->request;
	if (!host_origin(exchange->access->host, &exchange->origin, err))
		return false;
	if (request->url)
		*out = *request->url;
	else
		return url_at(exchange->arena, &exchange->origin, request->path, out, err);
	return true;
}

static bool transfer(struct exchange *exchange, const struct http_request *http, struct error *err)
{
	const struct registry_options *options = &exchange->access->registry->options;
	http_answer_finish(exchange->answer);
	bool ok = exchange->stream
			  ? http_open(options->http, http, exchange->answer, exchange->stream, err)
			  : http_send(options->http, http, exchange->answer, err);
	if (ok && options->counted)
		options->counted(options->ctx, exchange->access->target);
	if (!ok || strcmp(http->url->host, exchange->origin.host) != 0)
		return ok;
	host_allows(exchange->access->host, http_header(exchange->answer, "ratelimit-remaining"));
	if (exchange->answer->inside)
		host_lies_inside(exchange->access->host);
	return true;
}

/* Sends to url, with the Authorization header in login if the policy allows it. */
static bool send_to(struct exchange *exchange, const struct url *url, enum url_purpose purpose,
		    const struct buf *login, struct error *err)
{
	const struct request *request = exchange->request;
	const struct credential *credential = exchange->access->credential;
	const char *headers[HEADERS_MAX + 1];
	size_t count = 0;
	enum url_verdict verdict = url_may_send(&exchange->origin, url, purpose);
	if (verdict == URL_DENY)
		return location_refuse(&exchange->origin, url, purpose, err);
	if (!headers_of(request, exchange->arena, headers, &count))
		return error_memory(err);
	/* A login does not go where a third party redirected to, even if that is the registry. */
	exchange->away |= !url_same_origin(&exchange->origin, url);
	if (login->len && verdict == URL_WITH_AUTH && !exchange->away)
		headers[count++] = buf_string(login);
	bool same_host = strcmp(url->host, exchange->origin.host) == 0;
	struct http_request http = {
		.method = request->method,
		.url = url,
		.headers = headers,
		.header_count = count,
		.body = request->body,
		.stream = request->stream,
		.stream_size = request->stream_size,
		.answer_max = request->answer_max ? request->answer_max : TEXT_MAX,
		.expect_size = request->expect_size,
		.chosen = exchange->access->chosen ||
			  !location_trusted(exchange->access, &exchange->origin, url),
		.cleanup = request->cleanup,
		.spare = request->spare,
		.timeout_ms = request->spare ? SPARE_MS : 0,
		.insecure = exchange->access->host->insecure && same_host,
		.ca = credential && same_host ? credential->ca : NULL,
		.client = credential && same_host ? credential->client : NULL,
		.proxy = credential ? credential->proxy : NULL,
		.limited = answer_limited};
	return transfer(exchange, &http, err);
}

static bool is_read(const struct request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool is_redirect(const struct exchange *exchange)
{
	int status = exchange->answer->status;
	bool reading = is_read(exchange->request);
	/* A body in memory can be sent again, one that was streamed is spent. */
	if (!reading && exchange->request->stream)
		return false;
	return status == 307 || status == 308 ||
	       (reading && (status == 301 || status == 302 || status == 303));
}

/* Where a redirect leads. */
static bool location_of(struct exchange *exchange, const struct url *base, struct url *out,
			struct error *err)
{
	struct str value = http_header(exchange->answer, "Location");
	const char *text = arena_copy(exchange->arena, value.at, value.len);
	if (!text)
		return error_memory(err);
	if (!value.len)
		return error_set(err, ERROR_CORRUPT, "redirect without a Location");
	return url_resolve(exchange->arena, base, text, out, err) || error_wrap(err, "redirect");
}

/*
 * registry.k8s.io makes redirects of the path alone: a list would come back with as many entries as
 * the other server likes, and no word about the rest.
 */
static bool keep_query(struct exchange *exchange, const struct url *from, struct url *next,
		       struct error *err)
{
	const char *query = strchr(from->text, '?');
	if (!exchange->request->listing || !query || strchr(next->text, '?'))
		return true;
	const char *text = arena_printf(exchange->arena, "%s%s", next->text, query);
	return text ? url_parse(exchange->arena, text, next, err) : error_memory(err);
}

bool send_request(struct exchange *exchange, const struct buf *login, struct error *err)
{
	struct url url;
	enum url_purpose purpose = exchange->request->url ? exchange->request->purpose : URL_API;
	exchange->away = false;
	if (!request_url(exchange, &url, err))
		return false;
	for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
		struct url next;
		if (!send_to(exchange, &url, purpose, login, err))
			return false;
		if (!is_redirect(exchange))
			return true;
		if (!location_of(exchange, &url, &next, err) ||
		    !keep_query(exchange, &url, &next, err))
			return false;
		if (exchange->request->stay && !url_same_origin(&exchange->origin, &next))
			return true;
		location_hide(&url, &next);
		url = next;
		/* Writes stay with the registry. */
		if (is_read(exchange->request))
			purpose = URL_REDIRECT;
	}
	return error_set(err, ERROR_CORRUPT, "more than %d redirects", REDIRECTS_MAX);
}

/* True when an answer over http shows that the port is for http. */
static bool speaks_http(const struct exchange *exchange)
{
	int status = exchange->answer->status;
	return status != 400 && (status < 300 || status >= 400);
}

/* The first answer decides: a connection that is lost later says nothing about the scheme. */
static bool settle(const struct exchange *exchange)
{
	if (exchange->probing && !exchange->request->url)
		exchange->access->host->settled = true;
	return true;
}

/*
 * What is said to this machine's own port is heard by nobody else, unless a proxy lies in between.
 * Those of the environment never do. Only an answer that is no TLS shows that the port is for http.
 */
static bool may_be_plain(const struct exchange *exchange, enum error_kind kind)
{
	const struct credential *credential = exchange->access->credential;
	if (exchange->access->host->insecure)
		return true;
	return kind == ERROR_NOT_TLS && inside_loopback(str_of(exchange->origin.host)) &&
	       !(credential && credential->proxy);
}

/*
 * A registry that is marked insecure, or on this machine, may speak plain http. The first request
 * finds out, for the whole run. One lost connection is no proof, and neither is "400, this is an
 * https port".
 */
bool send_probing(struct exchange *exchange, const struct buf *login, struct error *err)
{
	struct host *host = exchange->access->host;
	struct error plain;
	if (send_request(exchange, login, err))
		return settle(exchange);
	if (!exchange->probing || host->settled || exchange->request->url ||
	    !may_be_plain(exchange, err->kind))
		return false;
	if (err->kind == ERROR_NETWORK && send_request(exchange, login, err))
		return settle(exchange);
	if (err->kind != ERROR_NOT_TLS && err->kind != ERROR_NETWORK &&
	    err->kind != ERROR_UNREACHABLE)
		return false;
	host_use_scheme(host, "http");
	bool sent = send_request(exchange, login, &plain);
	if (sent && (err->kind == ERROR_NOT_TLS || speaks_http(exchange))) {
		log_debug("%s does not speak https, using http", host->name);
		return settle(exchange);
	}
	host_use_scheme(host, "https");
	if (!sent && err->kind == ERROR_NOT_TLS)
		*err = plain;
	return false;
}
