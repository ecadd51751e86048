/*
 * A registry says with its first refusal how it wants us to log in, and that is remembered for the
 * host: later requests carry their login at once.
 */
#include "registry/authorize.h"

#include "registry/host.h"
#include "registry/registry_private.h"
#include "registry/scope.h"

#include <string.h>

/* A login that the registry itself takes. */
static bool basic_login(struct exchange *exchange, struct buf *out, struct error *err)
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

bool authorize_request(struct exchange *exchange, const char *stale, struct buf *out,
		       struct error *err)
{
	struct challenge challenge;
	const struct repository *repository = exchange->repository;
	if (!host_challenge(repository->host, exchange->arena, &challenge))
		return error_memory(err);
	if (challenge.scheme == CHALLENGE_BASIC)
		return basic_login(exchange, out, err);
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
	bool ok = exchange_send(&root, &anonymous, err) &&
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

bool authorize_learn(struct exchange *exchange, bool *again, struct error *err)
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
