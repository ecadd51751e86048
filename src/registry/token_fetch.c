/*
 * A token without a stated life is trusted for 60 seconds, as the specification says.
 *
 * OAuth2 by POST is the only way to send an identity token, but not every server that issues them
 * supports it: one that answers as if it did not gets a GET, with the token as password. A password
 * is only sent by GET, which every server supports. A refresh token in the answer is not kept: the
 * configured login is good for the whole run.
 */
#include "registry/token_fetch.h"

#include "base/log.h"
#include "base/percent.h"
#include "base/retry.h"
#include "base/secret.h"
#include "doc/json.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/login.h"
#include "registry/registry_private.h"

#include <string.h>

enum { ANSWER_MAX = 256 * 1024, LIFE_MIN = 60, LIFE_MAX = 24 * 3600 };

/* One visit under way. */
struct visit {
	const struct token_request *request;
	struct arena *arena;
	struct url realm;
	enum url_verdict verdict;
	struct login login; /* empty: anonymous */
};

static void visit_finish(struct visit *visit)
{
	login_finish(&visit->login);
	arena_free(&visit->arena);
}

void token_fetch_query(const char *realm, const struct token_request *request, struct buf *out)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): visit_begin() resolved it */
	const char *joint = strchr(realm, '?') ? "&" : "?";
	struct str rest = str_of(request->scope);
	struct str scope;
	buf_add_string(out, realm);
	if (request->service) {
		buf_printf(out, "%sservice=", joint);
		percent_encode(str_of(request->service), out);
		joint = "&";
	}
	while (str_cut(&rest, ' ', &scope)) {
		if (!scope.len)
			continue;
		buf_printf(out, "%sscope=", joint);
		percent_encode(scope, out);
		joint = "&";
	}
}

void token_fetch_form(struct str identity, const struct token_request *request, struct buf *out)
{
	buf_add_string(out, "grant_type=refresh_token&client_id=image-syncer&service=");
	percent_encode(str_of(request->service), out);
	buf_add_string(out, "&scope=");
	percent_encode(str_of(request->scope), out);
	buf_add_string(out, "&refresh_token=");
	percent_encode(identity, out);
}

bool token_fetch_parse(const struct http_answer *answer, struct buf *token, int64_t *life,
		       struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!answer_no_page(answer, "a token", err))
		return false;
	/* The answer is never quoted: it may hold a token in an unexpected form. */
	if (!json_read_foreign(arena, buf_str(&answer->body), &root, err)) {
		if (err->kind != ERROR_MEMORY)
			error_set(err, ERROR_CORRUPT,
				  "a token was expected, but %s sent no valid JSON", answer->host);
		return false;
	}
	struct str text = node_string(node_get(root, "access_token"));
	if (!text.len)
		text = node_string(node_get(root, "token"));
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			text = (struct str){0};
	if (!text.len)
		return error_set(err, ERROR_CORRUPT, "the token server's answer contains no token");
	if (!node_int64(node_get(root, "expires_in"), life) || *life < LIFE_MIN)
		*life = LIFE_MIN;
	if (*life > LIFE_MAX)
		*life = LIFE_MAX;
	secret_register_token(text);
	buf_add_str(token, text);
	return buf_ok(token) || error_memory(err);
}

/* One request. A registry's ca, insecure and client only hold for servers of its operator. */
static bool send(const struct visit *visit, struct http_request *http, struct http_answer *answer,
		 struct error *err)
{
	const struct access *access = visit->request->access;
	const struct registry_options *options = &access->registry->options;
	const struct credential *credential = access->credential;
	bool own = visit->verdict == URL_WITH_AUTH;
	http->answer_max = ANSWER_MAX;
	http->chosen = !location_trusted(access, visit->request->origin, http->url);
	http->insecure = access->host->insecure && own;
	http->ca = credential && own ? credential->ca : NULL;
	http->client = credential && own ? credential->client : NULL;
	http->proxy = credential ? credential->proxy : NULL;
	http->cleanup = visit->request->cleanup;
	http->limited = answer_limited;
	bool sent = http_send(options->http, http, answer, err);
	if (options->counted && sent)
		options->counted(options->ctx, access->target);
	return sent;
}

static bool get(const struct visit *visit, struct http_answer *answer, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_wipe) struct buf basic = {0};
	struct url url;
	token_fetch_query(visit->realm.text, visit->request, &text);
	if (!buf_ok(&text))
		return error_memory(err);
	if (!url_parse(visit->arena, text.at, &url, err) ||
	    !login_basic(&visit->login, &basic, err))
		return false;
	const char *headers[] = {buf_string(&basic)};
	struct http_request http = {.method = "GET",
				    .url = &url,
				    .headers = headers,
				    .header_count = basic.len ? 1 : 0};
	return send(visit, &http, answer, err);
}

static bool post(const struct visit *visit, struct http_answer *answer, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded"};
	scoped(buf_wipe) struct buf form = {0};
	token_fetch_form(buf_str(&visit->login.secret), visit->request, &form);
	if (!buf_ok(&form))
		return error_memory(err);
	struct http_request http = {.method = "POST",
				    .url = &visit->realm,
				    .headers = headers,
				    .header_count = 1,
				    .body = buf_str(&form)};
	return send(visit, &http, answer, err);
}

/* A login goes only where the challenge says. */
static bool refuse_redirect(const struct visit *visit, const struct http_answer *answer,
			    struct error *err)
{
	struct error ignored;
	struct url to;
	struct str location = http_header(answer, "Location");
	const char *text = arena_copy(visit->arena, location.at, location.len);
	bool readable = text && location.len &&
			url_resolve(visit->arena, &visit->realm, text, &to, &ignored);
	struct str shown = readable ? url_public(&to) : STR("an unreadable URL");
	return error_set(err, ERROR_REFUSED,
			 "refusing to follow HTTP %d to %.*s: a login goes only where the "
			 "registry's challenge says (%.*s)",
			 answer->status, STR_ARGS(shown), STR_ARGS(url_public(&visit->realm)));
}

static bool speaks_no_oauth(int status)
{
	return status == 400 || status == 401 || status == 404 || status == 405;
}

/* Asks by POST for an identity token, then by GET if the server does not seem to know that. */
static bool ask(const struct visit *visit, struct buf *token, int64_t *life, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(http_answer_finish) struct http_answer again = {0};
	const struct http_answer *last = &answer;
	bool oauth = visit->login.identity;
	bool sent = oauth ? post(visit, &answer, err) : get(visit, &answer, err);
	if (sent && oauth && speaks_no_oauth(answer.status)) {
		sent = get(visit, &again, err);
		/* When both are refused, the answer to the POST is the one that matters. */
		last = again.status == 200 || again.status >= 500 ? &again : &answer;
	}
	if (!sent)
		return false;
	/* Not only 200: another success holds a token as well, and no message to quote. */
	if (last->status >= 200 && last->status < 300)
		return token_fetch_parse(last, token, life, err);
	if (last->status >= 300 && last->status < 400)
		return refuse_redirect(visit, last, err);
	answer_error(last, err);
	/* "invalid_grant" comes with 400. */
	if (oauth && last->status == 400 && err->kind == ERROR_REJECTED)
		err->kind = ERROR_DENIED;
	return false;
}

/* Finds the server, and the login that may go there. */
static bool visit_begin(struct visit *visit, unsigned refused, struct error *err)
{
	const struct token_request *request = visit->request;
	const struct url *origin = request->origin;
	visit->arena = arena_new();
	if (!visit->arena)
		return error_memory(err);
	if (!url_resolve(visit->arena, origin, request->realm, &visit->realm, err))
		return error_wrap(err, "token server of %s", origin->host);
	visit->verdict = url_may_send(origin, &visit->realm, URL_TOKEN);
	if (visit->verdict == URL_ANONYMOUS &&
	    location_issues_tokens(request->access, &visit->realm))
		visit->verdict = URL_WITH_AUTH;
	if (visit->verdict == URL_DENY)
		return error_set(err, ERROR_REFUSED,
				 "the registry %s://%s names a token server over http, %s://%s: "
				 "refused, since nothing sent there would be secret",
				 origin->scheme, origin->host, visit->realm.scheme,
				 visit->realm.host);
	if (visit->verdict == URL_WITH_AUTH)
		return login_get(request->access, refused, &visit->login, err);
	if (login_exists(request->access))
		log_warn("%s names a token server that does not seem to be its own, %s: asking "
			 "without a login (if it is the right one, add token-server: %s to the "
			 "login in the auth file)",
			 origin->host, visit->realm.host, visit->realm.host);
	return true;
}

/* *serial: that of the refused login, if a newer one can be asked for; else 0. */
static bool visit_once(const struct token_request *request, unsigned *serial, struct buf *token,
		       int64_t *life, struct error *err)
{
	scoped(visit_finish) struct visit visit = {.request = request};
	unsigned refused = *serial;
	*serial = 0;
	if (!visit_begin(&visit, refused, err))
		return false;
	if (ask(&visit, token, life, err))
		return true;
	if (err->kind == ERROR_DENIED && visit.login.serial != refused)
		*serial = visit.login.serial;
	return error_wrap(err, "token server %s", visit.realm.host);
}

bool token_fetch(const struct token_request *request, struct buf *token, int64_t *life,
		 struct error *err)
{
	unsigned serial = 0;
	bool renewed = false;
	for (unsigned attempt = 0;; attempt++) {
		if (visit_once(request, &serial, token, life, err))
			return true;
		if (serial && !renewed)
			renewed = true;
		else if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}
