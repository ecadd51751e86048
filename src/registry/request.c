/*
 * The first request to a host finds out for all others how to reach it. A failure that another try
 * may cure is tried again, less patiently at a mirror. A body that is a stream cannot be sent
 * twice; its caller repeats the whole transfer.
 */
#include "registry/request.h"

#include "base/retry.h"
#include "registry/answer.h"
#include "registry/authorize.h"
#include "registry/explain.h"
#include "registry/facts.h"
#include "registry/host.h"
#include "registry/registry_private.h"
#include "registry/scope.h"

#include <string.h>

enum { SHUNNED_MS = 60000 /* a mirror that could not be reached */ };

static const char *default_scope(const struct repository *repository, const struct request *request,
				 struct arena *arena)
{
	if (request->scope)
		return request->scope;
	return scope_default(arena, repository->name, repository->access.target,
			     request->mount_from);
}

/*
 * Adds to err which login was refused, if one was sent, and what that probably means. by_tokens:
 * the token server refused it.
 */
static void explain(const struct repository *repository, const struct request *request,
		    const char *scope, bool by_tokens, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct authorize_state state = {0};
	const char *place = login_place(&repository->access);
	if (arena)
		authorize_look(&repository->access, arena, &state);
	if (request->basic && place)
		state = (struct authorize_state){.scheme = CHALLENGE_BASIC, .sent = true};
	/* A login that was accepted before is right, but lacks a permission. */
	bool basic = state.scheme == CHALLENGE_BASIC &&
		     !facts_hold(&repository->access, FACT_LOGIN_GOOD, "");
	const struct refusal refusal = {
		.host = repository->access.host->name,
		.repository = repository->name,
		.place = state.sent ? place : NULL,
		.unsent = state.sent ? NULL : place,
		.realm = state.realm,
		.scope = state.scheme == CHALLENGE_BEARER ? scope : NULL,
		.password = (basic || by_tokens) && err->http_status != 403,
		.target = repository->access.target,
		.listing = request->listing,
	};
	explain_refusal(&refusal, err);
}

bool request_refused(const struct repository *repository, const struct request *request,
		     const struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	answer_error(answer, err);
	explain(repository, request, arena ? default_scope(repository, request, arena) : NULL,
		false, err);
	return false;
}

/*
 * True when a refusal of the login is left to the caller. That of a HEAD has no words: the caller
 * asks again by GET to get them.
 */
static bool leaves_refusals(const struct request *request)
{
	return request->anonymous || request->bearer || request->token ||
	       strcmp(request->method, "HEAD") == 0;
}

/* Refusals that another try may cure become errors. So does a refusal of the login. */
static bool judge(const struct repository *repository, const struct exchange *exchange,
		  struct error *err)
{
	struct error refusal;
	int status = exchange->answer->status;
	if (status < 400)
		return true;
	answer_error(exchange->answer, &refusal);
	bool again = retry_helps(refusal.kind);
	if (!again && (status != 401 || leaves_refusals(exchange->request)))
		return true;
	*err = refusal;
	if (exchange->away && !again)
		return error_wrap(err, "a server that %s redirected to",
				  exchange->access->host->name);
	explain(repository, exchange->request, exchange->scope, false, err);
	return again ? error_wrap(err, "%s", exchange->access->host->name) : false;
}

/* True when an error is about the registry itself, not about its token server or a storage. */
static bool names_registry(const struct repository *repository, const struct error *err)
{
	char name[256];
	const char *host = repository->access.host->name, *port = strrchr(host, ':');
	snprintf(name, sizeof(name), "%.*s", port ? (int)(port - host) : (int)strlen(host), host);
	return strstr(err->text, name) != NULL;
}

static bool run_exchange(const struct repository *repository, struct exchange *exchange,
			 struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	if (arena)
		exchange->scope = default_scope(repository, exchange->request, arena);
	if (!exchange->scope)
		return error_memory(err);
	if (exchange_run(exchange, err))
		return judge(repository, exchange, err);
	bool tls = err->kind == ERROR_TLS || err->kind == ERROR_NOT_TLS;
	if ((err->kind == ERROR_DENIED && !exchange->explained) ||
	    (tls && names_registry(repository, err)))
		explain(repository, exchange->request, exchange->scope, !tls, err);
	return false;
}

/* Runs under the host's state: the first request probes the host while the others wait. */
static bool run_once(const struct repository *repository, const struct request *request,
		     struct http_answer *answer, struct stream **stream, struct error *err)
{
	scoped(exchange_finish) struct exchange exchange = {.access = &repository->access,
							    .request = request,
							    .answer = answer,
							    .stream = stream};
	if (!host_enter(repository->access.host, &exchange.probing, err))
		return false;
	bool ok = run_exchange(repository, &exchange, err);
	if (exchange.probing)
		host_leave(repository->access.host, ok ? NULL : err);
	return ok;
}

static const struct retry_policy single = {.attempts = 1};
/* For a mirror, which is not the only place to ask. */
static const struct retry_policy hasty = {.attempts = 2, .base_ms = 500, .cap_ms = 5000};

/* True for a failure that the caller handles in another way than by trying again. */
static bool is_settled(const struct request *request, const struct error *err)
{
	return request->otherwise && err->kind == ERROR_UNAVAILABLE && err->http_status >= 500 &&
	       err->http_status != 503;
}

static bool run(const struct repository *repository, const struct request *request,
		struct http_answer *answer, struct stream **stream,
		const struct retry_policy *policy, struct error *err)
{
	bool ok = false;
	struct error before = {.kind = ERROR_NONE};
	if (repository->mirror && policy->attempts > hasty.attempts)
		policy = &hasty;
	for (unsigned attempt = 0;; attempt++) {
		ok = run_once(repository, request, answer, stream, err);
		if (ok || is_settled(request, err) || !retry_wait(policy, attempt, err))
			break;
		before = *err;
	}
	/* A stop in the middle of another try says less than what had failed before. */
	if (!ok && err->kind == ERROR_CANCELED && before.kind != ERROR_NONE) {
		*err = before;
		error_stopped(err);
	}
	if (!ok && repository->mirror)
		host_shun(repository->access.host, err, SHUNNED_MS);
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
