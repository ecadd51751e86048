/*
 * A registry's first refusal says how to log in. That is remembered for the host, so later requests
 * carry their login at once. Some registries say it only at the root of the API, and answer
 * anonymous requests as if the repository did not exist. So if there is a login, a refusal without
 * a challenge leads to one request to the root.
 */
#include "registry/authorize.h"

#include "base/retry.h"
#include "registry/answer.h"
#include "registry/facts.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/registry_private.h"
#include "registry/scope.h"
#include "registry/send.h"
#include "registry/wording.h"

#include <string.h>

/*
 * Appends a login for the server itself. An identity token is a password only where the registry
 * asks for one: elsewhere it belongs to the token server alone.
 */
static bool basic_login(struct exchange *exchange, bool asked, struct buf *out, struct error *err)
{
	scoped(login_finish) struct login login = {0};
	exchange->explained = true;
	if (!login_get(exchange->access, exchange->refused, &login, err))
		return false;
	exchange->explained = false;
	exchange->serial = login.serial;
	exchange->basic = true;
	if (login.identity && !asked)
		return error_set(err, ERROR_DENIED,
				 "this needs a username and a password, and the login is an "
				 "identity token");
	return exchange->request->bearer ? login_bearer(&login, out, err)
					 : login_basic(&login, out, err);
}

bool authorize_request(struct exchange *exchange, const char *stale, struct buf *out,
		       struct error *err)
{
	struct challenge challenge;
	const struct access *access = exchange->access;
	const char *own = exchange->request->token;
	if (exchange->request->anonymous)
		return true;
	if (own)
		buf_printf(out, "Authorization: Bearer %s", own);
	if (own)
		return buf_ok(out) || error_memory(err);
	if (exchange->request->bearer)
		return !login_exists(access) || basic_login(exchange, false, out, err);
	if (!host_challenge(access->host, exchange->arena, &challenge))
		return error_memory(err);
	bool asked = challenge.scheme == CHALLENGE_BASIC;
	if (asked || (exchange->request->basic && login_exists(access)))
		return basic_login(exchange, asked, out, err);
	if (challenge.scheme != CHALLENGE_BEARER)
		return true;
	struct token_request wanted = {.access = access,
				       .origin = &exchange->origin,
				       .realm = challenge.realm,
				       .service = challenge.service,
				       .scope = exchange->scope,
				       .cleanup = exchange->request->cleanup};
	scoped(token_finish) struct token token = {0};
	if (!token_get(access->registry->tokens, &wanted, stale, &token, err))
		return false;
	buf_printf(out, "Authorization: Bearer %s", buf_string(&token.text));
	token_finish(&exchange->token);
	exchange->token = token;
	token = (struct token){0};
	return buf_ok(out) || error_memory(err);
}

/* True when a fresh token, or exactly the scope that the registry names, is left to try. */
static bool retry_token(struct exchange *exchange, const struct challenge *found)
{
	bool insufficient = found->error && strcmp(found->error, "insufficient_scope") == 0;
	if (!exchange->token.text.len || !insufficient)
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

/* Asks the root of the API. True: *found is its challenge, perhaps none. */
static bool ask_root(struct exchange *exchange, struct challenge *found, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct exchange root = *exchange;
	struct request request = {.method = "GET", .path = "/v2/"};
	const struct buf anonymous = {0};
	root.request = &request;
	root.answer = &answer;
	root.stream = NULL;
	if (!send_request(&root, &anonymous, err))
		return false;
	if (answer.status < 400 || root.away)
		return true;
	answer_error(&answer, err);
	return !retry_helps(err->kind) && read_challenges(exchange, &answer, found, err);
}

/*
 * For a refusal that does not say how to log in: asks the root of the API, once for each host. If
 * the root fails it is asked again, a few times; after that the refusal is final.
 */
static bool ping(struct exchange *exchange, struct challenge *found, struct error *err)
{
	struct host *host = exchange->access->host;
	if (!host_ping(host))
		return host_challenge(host, exchange->arena, found) || error_memory(err);
	bool ok = ask_root(exchange, found, err) && (host_learn(host, found) || error_memory(err));
	bool done = host_pinged(host, ok);
	return ok || (done && retry_helps(err->kind) && err->kind != ERROR_MEMORY) ||
	       error_wrap(err, "/v2/");
}

/* After a refused login, true when a helper or cloud can be asked for a newer one. */
static bool retry_basic(struct exchange *exchange)
{
	if (!exchange->serial || exchange->refused)
		return false;
	exchange->refused = exchange->serial;
	return true;
}

/* Reads the challenge of a refusal. */
static bool learn_challenge(struct exchange *exchange, bool *again, struct error *err)
{
	struct challenge found = {0};
	struct challenge known;
	struct host *host = exchange->access->host;
	if (exchange->request->bearer || (exchange->request->basic && exchange->basic)) {
		*again = retry_basic(exchange);
		return true;
	}
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
	if (found.scheme == CHALLENGE_BASIC && !login_exists(exchange->access))
		return true;
	if (!host_learn(host, &found))
		return error_memory(err);
	*again = found.scheme != CHALLENGE_BEARER || retry_token(exchange, &found);
	return true;
}

/* True when the refusal says that the login is no longer good. */
static bool says_expired(const struct http_answer *answer, const struct challenge *found)
{
	static const char *const words[] = {
		"expired",
		"invalid token",
		"invalid_token",
		"invalid authorization token",
		"token is invalid",
		"token is not valid",
		"token invalid",
		"token revoked",
		"token has been revoked",
		"reauthenticate",
		"unauthenticated",
		"unauthorized",
	};
	scoped(buf_finish) struct buf text = {0};
	if (found->error && strcmp(found->error, "invalid_token") == 0)
		return true;
	if (!wording_of_json(buf_str(&answer->body), &text))
		buf_add_str(&text, buf_str(&answer->body));
	for (size_t i = 0; i < array_count(words); i++)
		if (wording_has(buf_str(&text), words[i]))
			return true;
	return false;
}

/*
 * For a login that was refused with a status other than 401: Amazon reports an expired one that
 * way, and RFC 6750 (3.1) requires 403 for a scope that is too small.
 */
static bool learn_refusal(struct exchange *exchange, bool *again, struct error *err)
{
	struct challenge found = {0};
	if (!read_challenges(exchange, exchange->answer, &found, err))
		return false;
	if (found.error && strcmp(found.error, "insufficient_scope") == 0)
		return learn_challenge(exchange, again, err);
	if (!says_expired(exchange->answer, &found))
		return true;
	if (exchange->basic)
		*again = retry_basic(exchange);
	else
		*again = token_renewable(exchange->access->registry->tokens, &exchange->token);
	return true;
}

bool authorize_learn(struct exchange *exchange, bool *again, struct error *err)
{
	int status = exchange->answer->status;
	bool anonymous = !exchange->token.text.len && !exchange->basic;
	*again = false;
	if (exchange->away || exchange->request->token)
		return true;
	if (status == 401)
		return learn_challenge(exchange, again, err);
	if (!anonymous && (status == 400 || status == 403))
		return learn_refusal(exchange, again, err);
	/* What is hidden from anonymous requests may be visible with a login. */
	if (anonymous && (status == 403 || status == 404) && login_exists(exchange->access))
		return learn_challenge(exchange, again, err);
	return true;
}

void authorize_judge(const struct exchange *exchange)
{
	int status = exchange->answer->status;
	const struct access *access = exchange->access;
	if (exchange->basic && status < 400 && !facts_hold(access, FACT_LOGIN_GOOD, ""))
		facts_learn(access, FACT_LOGIN_GOOD, "");
	if (status != 400 && status != 401 && status != 403)
		token_accepted(access->registry->tokens, &exchange->token);
}

void authorize_look(const struct access *access, struct arena *arena, struct authorize_state *out)
{
	struct challenge known;
	struct url origin, realm;
	struct error ignored;
	*out = (struct authorize_state){0};
	if (!host_challenge(access->host, arena, &known))
		return;
	out->scheme = known.scheme;
	out->sent = known.scheme == CHALLENGE_BASIC;
	if (known.scheme != CHALLENGE_BEARER || !host_origin(access->host, &origin, &ignored) ||
	    !url_resolve(arena, &origin, known.realm, &realm, &ignored))
		return;
	out->sent = url_may_send(&origin, &realm, URL_TOKEN) == URL_WITH_AUTH ||
		    location_issues_tokens(access, &realm);
	out->realm = out->sent ? NULL : realm.host;
}
