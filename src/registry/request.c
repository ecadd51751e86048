/*
 * One exchange is at most three sends: with what we know, with a fresh token, and with exactly the
 * scope the registry named. A body that is a stream cannot be sent twice; its caller
 * repeats the whole transfer.
 */
#include "registry/request.h"

#include "base/log.h"
#include "base/retry.h"
#include "registry/answer.h"
#include "registry/explain.h"
#include "registry/headers.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/registry_private.h"
#include "registry/scope.h"

#include <string.h>

enum {
	SENDS_MAX = 3,
	REDIRECTS_MAX = 5,
	TEXT_MAX = 64 * 1024,
	SHUNNED_MS = 60000, /* a mirror that could not be reached */
};

/* What the sends of one exchange share. */
struct exchange {
	const struct repository *repository;
	const struct request *request;
	struct http_answer *answer;
	struct stream **stream; /* NULL: the whole answer goes to answer */
	struct arena *arena;
	struct url origin;
	const char *scope; /* what to ask a token for */
	struct buf token;  /* of the last send, to be known as stale */
	unsigned serial;   /* of the login of the last send, when it can be asked for again */
	unsigned refused;  /* the serial that the registry refused */
	bool basic;        /* the last send carried the login itself, or there is none */
	bool probing;      /* the first request to this host */
	bool explained;    /* the error needs no further words about the login */
};

static void exchange_finish(struct exchange *exchange)
{
	buf_wipe(&exchange->token);
	arena_free(&exchange->arena);
}

static const char *default_scope(const struct repository *repository, const struct request *request,
				 struct arena *arena)
{
	return scope_default(arena, repository->name, repository->target, request->mount_from);
}

/* Says whose login was refused, and what it probably means. */
static void explain(const struct repository *repository, const struct request *request,
		    const char *scope, struct error *err)
{
	struct challenge challenge = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	if (arena)
		host_challenge(repository->host, arena, &challenge);
	const struct refusal refusal = {
		.host = repository->host->name,
		.repository = repository->name,
		.place = login_place(repository),
		.scope = challenge.scheme == CHALLENGE_BEARER ? scope : NULL,
		.target = repository->target,
		.listing = request->listing,
	};
	explain_refusal(&refusal, err);
}

/* A login that the registry itself takes. */
static bool authorize_basic(struct exchange *exchange, struct buf *out, struct error *err)
{
	scoped(login_finish) struct login login = {0};
	exchange->explained = true;
	if (!login_get(exchange->repository, exchange->refused, &login, err))
		return false;
	exchange->explained = false;
	exchange->serial = login.serial;
	exchange->basic = true;
	return login_basic(&login, out, err);
}

/*
 * Appends the Authorization header that the host's challenge asks for; nothing if it asks for
 * none.
 */
static bool authorize(struct exchange *exchange, const char *stale, struct buf *out,
		      struct error *err)
{
	struct challenge challenge;
	const struct repository *repository = exchange->repository;
	if (!host_challenge(repository->host, exchange->arena, &challenge))
		return error_memory(err);
	if (challenge.scheme == CHALLENGE_BASIC)
		return authorize_basic(exchange, out, err);
	if (challenge.scheme != CHALLENGE_BEARER)
		return true;
	struct token_request wanted = {.repository = repository,
				       .origin = &exchange->origin,
				       .realm = challenge.realm,
				       .service = challenge.service,
				       .scope = exchange->scope};
	scoped(buf_wipe) struct buf token = {0};
	if (!token_get(repository->registry->tokens, &wanted, stale, &token, err))
		return false;
	buf_printf(out, "Authorization: Bearer %s", buf_string(&token));
	buf_wipe(&exchange->token);
	exchange->token = token;
	token = (struct buf){0};
	return buf_ok(out) || error_memory(err);
}

static bool request_url(struct exchange *exchange, struct url *out, struct error *err)
{
	const struct request *request = exchange->request;
	if (!host_origin(exchange->repository->host, &exchange->origin, err))
		return false;
	if (request->url)
		*out = *request->url;
	else
		return url_resolve(exchange->arena, &exchange->origin, request->path, out, err);
	return true;
}

static bool transfer(struct exchange *exchange, const struct http_request *http, struct error *err)
{
	const struct registry_options *options = &exchange->repository->registry->options;
	http_answer_finish(exchange->answer);
	bool ok = exchange->stream
			  ? http_open(options->http, http, exchange->answer, exchange->stream, err)
			  : http_send(options->http, http, exchange->answer, err);
	if (ok && options->counted)
		options->counted(options->ctx, exchange->repository->target);
	if (ok && strcmp(http->url->host, exchange->origin.host) == 0)
		host_allows(exchange->repository->host,
			    http_header(exchange->answer, "ratelimit-remaining"));
	return ok;
}

/* Sends to url, with the Authorization header in login if the policy allows it. */
static bool send_to(struct exchange *exchange, const struct url *url, enum url_purpose purpose,
		    const struct buf *login, struct error *err)
{
	const struct request *request = exchange->request;
	const struct credential *credential = exchange->repository->credential;
	const char *headers[HEADERS_MAX + 1];
	size_t count = 0;
	enum url_verdict verdict = url_may_send(&exchange->origin, url, purpose);
	if (verdict == URL_DENY)
		return error_set(err, ERROR_REFUSED,
				 "%s wants %s to go to %s://%s: refused, it is another place",
				 exchange->origin.host, request->stream ? "the upload" : "us",
				 url->scheme, url->host);
	if (!headers_of(request, exchange->arena, headers, &count))
		return error_memory(err);
	if (login->len && verdict == URL_WITH_AUTH)
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
		.chosen = !location_trusted(exchange->repository, &exchange->origin, url),
		.insecure = exchange->repository->host->insecure && same_host,
		.ca = credential && same_host ? credential->ca : NULL,
		.proxy = credential ? credential->proxy : NULL};
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

/* Sends, and follows where a read is sent on to. */
static bool send_and_follow(struct exchange *exchange, const struct buf *login, struct error *err)
{
	struct url url;
	enum url_purpose purpose = exchange->request->url ? exchange->request->purpose : URL_API;
	if (!request_url(exchange, &url, err))
		return false;
	for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
		struct url next;
		if (!send_to(exchange, &url, purpose, login, err))
			return false;
		if (!is_redirect(exchange))
			return true;
		if (!location_of(exchange, &url, &next, err))
			return false;
		if (exchange->request->stay && !url_same_origin(&exchange->origin, &next))
			return true;
		location_hide(&url, &next);
		url = next;
		/* What writes stays with the registry. */
		if (is_read(exchange->request))
			purpose = URL_REDIRECT;
	}
	return error_set(err, ERROR_CORRUPT, "more than %d redirects", REDIRECTS_MAX);
}

/* True when an answer over http shows that http is what the port is for. */
static bool speaks_http(const struct exchange *exchange)
{
	int status = exchange->answer->status;
	return status != 400 && (status < 300 || status >= 400);
}

/* The first answer decides: what is lost afterwards says nothing about the scheme. */
static bool settle(const struct exchange *exchange)
{
	if (exchange->probing && !exchange->request->url)
		exchange->repository->host->settled = true;
	return true;
}

/*
 * A registry marked insecure may speak plain http: found out once, with the first request. One lost
 * connection is no proof, and neither is "400, this is an https port".
 */
static bool send_probing(struct exchange *exchange, const struct buf *login, struct error *err)
{
	struct host *host = exchange->repository->host;
	struct error plain;
	if (send_and_follow(exchange, login, err))
		return settle(exchange);
	if (!exchange->probing || !host->insecure || host->settled || exchange->request->url)
		return false;
	if (err->kind == ERROR_NETWORK && send_and_follow(exchange, login, err))
		return settle(exchange);
	if (err->kind != ERROR_NOT_TLS && err->kind != ERROR_NETWORK &&
	    err->kind != ERROR_UNREACHABLE)
		return false;
	host_use_scheme(host, "http");
	bool sent = send_and_follow(exchange, login, &plain);
	if (sent && (err->kind == ERROR_NOT_TLS || speaks_http(exchange))) {
		log_debug("%s does not speak https, using http", host->name);
		return settle(exchange);
	}
	host_use_scheme(host, "https");
	if (!sent && err->kind == ERROR_NOT_TLS)
		*err = plain;
	return false;
}

/* What a refused token leaves to try: a fresh one, or exactly the scope the registry names. */
static bool retry_token(struct exchange *exchange, const struct challenge *found)
{
	bool insufficient = found->error && strcmp(found->error, "insufficient_scope") == 0;
	if (!exchange->token.len || !insufficient)
		return true;
	if (!found->scope || scope_covers(exchange->scope, found->scope))
		return false;
	exchange->scope = found->scope;
	return true;
}

/* Reads the challenges of answer into *best. */
static bool read_challenges(struct exchange *exchange, const struct http_answer *answer,
			    struct challenge *best, struct error *err)
{
	struct str value;
	size_t at = 0;
	while (http_header_next(answer, "WWW-Authenticate", &at, &value))
		if (!challenge_parse(exchange->arena, value, best))
			return error_memory(err);
	return true;
}

/* For a 401 that does not say how to log in: the root of the API does, and is asked once a host. */
static bool ping(struct exchange *exchange, struct challenge *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct repository *repository = exchange->repository;
	struct exchange root = *exchange;
	struct request request = {.method = "GET", .path = "/v2/"};
	const struct buf anonymous = {0};
	if (!host_ping(repository->host))
		return host_challenge(repository->host, exchange->arena, found) ||
		       error_memory(err);
	root.request = &request;
	root.answer = &answer;
	root.stream = NULL;
	bool ok = send_and_follow(&root, &anonymous, err) &&
		  (answer.status != 401 || read_challenges(exchange, &answer, found, err));
	ok = ok && (host_learn(repository->host, found) || error_memory(err));
	host_pinged(repository->host, ok);
	return ok;
}

/* What is left to try after a refused login: none, or a newer one from a helper or cloud. */
static bool retry_basic(struct exchange *exchange)
{
	if (!exchange->serial || exchange->refused)
		return false;
	exchange->refused = exchange->serial;
	return true;
}

/* Reads the challenge of a 401. *again: there is something new to try. */
static bool learn(struct exchange *exchange, bool *again, struct error *err)
{
	struct challenge found = {0};
	struct challenge known;
	struct host *host = exchange->repository->host;
	*again = false;
	if (!read_challenges(exchange, exchange->answer, &found, err))
		return false;
	if (!host_challenge(host, exchange->arena, &known))
		return error_memory(err);
	if (found.scheme == CHALLENGE_NONE && known.scheme != CHALLENGE_NONE)
		found = known;
	else if (found.scheme == CHALLENGE_NONE && !ping(exchange, &found, err))
		return false;
	if (found.scheme == CHALLENGE_NONE)
		return true;
	if (found.scheme == CHALLENGE_BASIC && exchange->basic) {
		*again = retry_basic(exchange);
		return true;
	}
	if (found.scheme == CHALLENGE_BASIC && !login_exists(exchange->repository))
		return true;
	if (!host_learn(host, &found))
		return error_memory(err);
	*again = found.scheme != CHALLENGE_BEARER || retry_token(exchange, &found);
	return true;
}

/* The body is spent: all that can be done is to have a fresh login ready for the next upload. */
static bool renew_for_upload(struct exchange *exchange, struct error *err)
{
	scoped(buf_wipe) struct buf authorization = {0};
	const char *stale = arena_string(exchange->arena, buf_string(&exchange->token));
	if (!stale)
		return error_memory(err);
	if (!authorize(exchange, stale, &authorization, err))
		return false;
	error_set(err, ERROR_NETWORK, "the registry did not take the login for the upload");
	err->http_status = 401;
	return false;
}

static bool exchange_run(struct exchange *exchange, struct error *err)
{
	for (int sends = 1;; sends++) {
		scoped(buf_wipe) struct buf authorization = {0};
		bool again = false;
		const char *stale = exchange->token.len
					    ? arena_string(exchange->arena, exchange->token.at)
					    : NULL;
		if (!host_origin(exchange->repository->host, &exchange->origin, err) ||
		    !authorize(exchange, stale, &authorization, err) ||
		    !send_probing(exchange, &authorization, err))
			return false;
		if (exchange->answer->status != 401 || sends == SENDS_MAX)
			return true;
		if (!learn(exchange, &again, err))
			return false;
		/* The host is known: nobody has to wait for our token as well. */
		if (exchange->probing)
			host_leave(exchange->repository->host, NULL);
		exchange->probing = false;
		if (!again)
			return true;
		if (exchange->request->stream)
			return renew_for_upload(exchange, err);
	}
}

bool request_refused(const struct repository *repository, const struct request *request,
		     const struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	answer_error(answer, err);
	explain(repository, request, arena ? default_scope(repository, request, arena) : NULL, err);
	return false;
}

/* Statuses that another try may cure become errors; so does a refusal of the login. */
static bool judge(const struct exchange *exchange, struct error *err)
{
	int status = exchange->answer->status;
	bool again =
		status == 429 || status == 408 || status == 499 || (status >= 500 && status != 501);
	/* A refusal without words: whoever asked by HEAD asks again by GET for them. */
	if (!again && (status != 401 || strcmp(exchange->request->method, "HEAD") == 0))
		return true;
	answer_error(exchange->answer, err);
	explain(exchange->repository, exchange->request, exchange->scope, err);
	return again ? error_wrap(err, "%s", exchange->repository->host->name) : false;
}

static bool run_exchange(struct exchange *exchange, struct error *err)
{
	const struct repository *repository = exchange->repository;
	const struct request *request = exchange->request;
	if (exchange->arena)
		exchange->scope = default_scope(repository, request, exchange->arena);
	if (!exchange->arena || !exchange->scope)
		return error_memory(err);
	if (exchange_run(exchange, err))
		return judge(exchange, err);
	if (err->kind == ERROR_DENIED && !exchange->explained)
		explain(repository, request, exchange->scope, err);
	return false;
}

/* Runs under the host's state: the first request finds out while the others wait. */
static bool run_once(const struct repository *repository, const struct request *request,
		     struct http_answer *answer, struct stream **stream, struct error *err)
{
	scoped(exchange_finish) struct exchange exchange = {.repository = repository,
							    .request = request,
							    .answer = answer,
							    .stream = stream,
							    .arena = arena_new()};
	if (!host_enter(repository->host, &exchange.probing, err))
		return false;
	bool ok = run_exchange(&exchange, err);
	if (exchange.probing)
		host_leave(repository->host, ok ? NULL : err);
	return ok;
}

static const struct retry_policy single = {.attempts = 1};
/* There is another place to ask. */
static const struct retry_policy hasty = {.attempts = 2, .base_ms = 500, .cap_ms = 5000};

static bool run(const struct repository *repository, const struct request *request,
		struct http_answer *answer, struct stream **stream,
		const struct retry_policy *policy, struct error *err)
{
	bool ok = false;
	if (repository->mirror && policy->attempts > hasty.attempts)
		policy = &hasty;
	for (unsigned attempt = 0;; attempt++) {
		ok = run_once(repository, request, answer, stream, err);
		if (ok || !retry_wait(policy, attempt, err))
			break;
	}
	if (!ok && repository->mirror)
		host_shun(repository->host, err, SHUNNED_MS);
	return ok;
}

bool request_send(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct error *err)
{
	return run(repository, request, answer, NULL, request->stream ? &single : &retry_default,
		   err);
}

bool request_send_once(const struct repository *repository, const struct request *request,
		       struct http_answer *answer, struct error *err)
{
	return run(repository, request, answer, NULL, &single, err);
}

bool request_open(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct stream **out, struct error *err)
{
	return run(repository, request, answer, out, &single, err);
}
