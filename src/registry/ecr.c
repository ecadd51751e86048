/*
 * The host's name gives the region and the partition, so a rule from one region to another needs
 * only the keys. A login is renewed ten minutes before its end: an upload that begins now should be
 * able to finish. The address of the API comes from this file or from the environment and never
 * from a server, so there is nothing for url_may_send() to decide.
 */
#include "registry/ecr.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/retry.h"
#include "base/secret.h"
#include "doc/json.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/registry_private.h"
#include "registry/wording.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024, MARGIN_S = 600, LIFE_MAX_S = 12 * 3600, ACCOUNT_DIGITS = 12 };

/* The text around the region in the name of a registry, and in the name of the region's API. */
static const struct {
	const char *before, *behind, *api, *api_end;
} forms[] = {
	{".dkr.ecr.", ".amazonaws.com", "api.ecr.", ".amazonaws.com"},
	{".dkr.ecr.", ".amazonaws.com.cn", "api.ecr.", ".amazonaws.com.cn"},
	{".dkr.ecr-fips.", ".amazonaws.com", "ecr-fips.", ".amazonaws.com"},
	{".dkr-ecr.", ".on.aws", "ecr.", ".api.aws"},
	{".dkr-ecr-fips.", ".on.aws", "ecr-fips.", ".api.aws"},
	{".dkr-ecr.", ".on.amazonwebservices.com.cn", "ecr.", ".api.amazonwebservices.com.cn"},
};

static bool take_variable(struct arena *arena, const char *name, const char **out)
{
	const char *value = getenv(name);
	bool given = value && *value;
	if (given)
		*out = arena_string(arena, value);
	return !given || *out;
}

bool ecr_keys_read(struct arena *arena, struct ecr_keys *out)
{
	*out = (struct ecr_keys){0};
	if (!take_variable(arena, "AWS_ACCESS_KEY_ID", &out->access) ||
	    !take_variable(arena, "AWS_SECRET_ACCESS_KEY", &out->secret) ||
	    !take_variable(arena, "AWS_SESSION_TOKEN", &out->session) ||
	    !take_variable(arena, "AWS_ENDPOINT_URL", &out->endpoint) ||
	    !take_variable(arena, "AWS_ENDPOINT_URL_ECR", &out->endpoint))
		return false;
	secret_register(str_of(out->secret));
	secret_register(str_of(out->session));
	if (!out->secret)
		out->access = NULL;
	return true;
}

static bool is_account(struct str text)
{
	int64_t number;
	return text.len == ACCOUNT_DIGITS && str_to_int64(text, &number);
}

static bool is_region(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", text.at[i]))
			return false;
	return text.len > 0;
}

bool ecr_name_parse(struct str host, struct ecr_name *out)
{
	struct str rest = str_from(host, ACCOUNT_DIGITS);
	for (size_t i = 0; i < array_count(forms); i++) {
		if (!str_starts(rest, forms[i].before) || !str_ends(rest, forms[i].behind))
			continue;
		struct str region = str_from(rest, strlen(forms[i].before));
		if (region.len < strlen(forms[i].behind))
			continue;
		region.len -= strlen(forms[i].behind);
		int len = snprintf(out->api, sizeof(out->api), "%s%.*s%s", forms[i].api,
				   STR_ARGS(region), forms[i].api_end);
		out->account = str_head(host, ACCOUNT_DIGITS);
		out->region = region;
		return is_account(out->account) && is_region(region) && len > 0 &&
		       (size_t)len < sizeof(out->api);
	}
	return false;
}

bool ecr_has_keys(const struct access *access, struct ecr_name *out)
{
	const struct ecr_keys *keys = access->registry->options.aws;
	return keys && keys->access && ecr_name_parse(str_of(access->host->name), out);
}

bool ecr_parse(struct str body, int64_t now, struct login *out, int64_t *life_ms, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_wipe) struct buf pair = {0};
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!json_read_foreign(arena, body, &root, err))
		return error_set(err, ERROR_CORRUPT, "the answer is not JSON");
	const struct node *list = node_get(root, "authorizationData");
	const struct node *data =
		list && list->kind == NODE_LIST && list->count ? list->items[0] : NULL;
	const struct node *expires = node_get(data, "expiresAt");
	struct str token = node_string(node_get(data, "authorizationToken"));
	if (!token.len || !base64_decode(token, &pair))
		return error_set(err, ERROR_CORRUPT, "the answer holds no login");
	struct str password = buf_str(&pair);
	struct str username;
	str_cut(&password, ':', &username);
	if (!username.len || !password.len)
		return error_set(err, ERROR_CORRUPT, "the answer holds no login");
	/* Seconds with a fraction. With a senseless time the login is renewed at its next use. */
	double left = expires && expires->kind == NODE_NUMBER
			      ? strtod(expires->text.at, NULL) - (double)now - MARGIN_S
			      : 0;
	*life_ms = left > (double)LIFE_MAX_S ? (int64_t)LIFE_MAX_S * 1000
		   : left > 0                ? (int64_t)(left * 1000)
					     : 0;
	return login_set(out, username, password) || error_memory(err);
}

/* The URL of the API; an endpoint in the environment may be plain http, for a test or a relay. */
static bool api_url(struct arena *arena, const struct ecr_keys *keys, const struct ecr_name *name,
		    struct url *out, struct error *err)
{
	const char *text =
		keys->endpoint ? keys->endpoint : arena_printf(arena, "https://%s/", name->api);
	if (!text)
		return error_memory(err);
	return url_parse(arena, text, out, err) || error_wrap(err, "AWS_ENDPOINT_URL_ECR");
}

/* The headers of a call; false without memory. *count is 2 for permanent keys. */
static bool make_headers(struct arena *arena, const struct ecr_keys *keys, const char *action,
			 const char *headers[3], size_t *count)
{
	*count = keys->session ? 3 : 2;
	headers[0] = "Content-Type: application/x-amz-json-1.1";
	headers[1] = arena_printf(arena, "X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.%s",
				  action);
	headers[2] = keys->session ? arena_printf(arena, "X-Amz-Security-Token: %s", keys->session)
				   : NULL;
	return headers[1] && (headers[2] || !keys->session);
}

/* Fills err from an answer that is no success. A bad key, signature or permission is a 400 here. */
static bool refused(const struct ecr_call *call, const char *api, const struct http_answer *answer,
		    struct error *err)
{
	static const char *const about_keys[] = {
		"UnrecognizedClientException",  "InvalidSignatureException",
		"ExpiredTokenException",        "InvalidClientTokenId",
		"IncompleteSignatureException",
	};
	answer_error(answer, err);
	bool keys = !call->permission && err->kind == ERROR_REJECTED;
	bool permission = call->permission && wording_has(str_of(err->text), "AccessDenied*");
	for (size_t i = 0; i < array_count(about_keys); i++)
		keys |= wording_has(str_of(err->text), about_keys[i]);
	if (permission)
		error_wrap(err, "the AWS keys need the permission %s", call->permission);
	if (keys || permission)
		err->kind = ERROR_DENIED;
	return error_wrap(err, "%s%s", api,
			  err->kind == ERROR_DENIED && !permission
				  ? " refused the AWS keys in the environment"
				  : "");
}

static bool is_settled(const struct ecr_call *call, const struct http_answer *answer)
{
	scoped(buf_finish) struct buf words = {0};
	return call->settled && wording_of_json(buf_str(&answer->body), &words) &&
	       wording_has(buf_str(&words), call->settled);
}

static bool call_once(const struct access *access, const struct ecr_name *name,
		      const struct ecr_call *call, struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct registry_options *options = &access->registry->options;
	const struct ecr_keys *keys = options->aws;
	const char *headers[3];
	size_t header_count;
	struct url url;
	if (!arena || !api_url(arena, keys, name, &url, err))
		return arena ? false : error_memory(err);
	const char *scope = arena_printf(arena, "aws:amz:%.*s:ecr", STR_ARGS(name->region));
	if (!scope || !make_headers(arena, keys, call->action, headers, &header_count))
		return error_memory(err);
	const struct http_signature signature = {scope, keys->access, keys->secret};
	struct http_request post = {.method = "POST",
				    .url = &url,
				    .headers = headers,
				    .header_count = header_count,
				    .body = call->body,
				    .signature = &signature,
				    .proxy = access->credential ? access->credential->proxy : NULL,
				    .answer_max = call->answer_max,
				    .limited = answer_limited};
	if (!http_send(options->http, &post, answer, err))
		return false;
	if (options->counted)
		options->counted(options->ctx, access->target);
	return answer->status == 200 || is_settled(call, answer) ||
	       refused(call, url.host, answer, err);
}

bool ecr_call(const struct access *access, const struct ecr_name *name, const struct ecr_call *call,
	      struct http_answer *answer, struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		if (call_once(access, name, call, answer, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return error_wrap(err, "%s", call->action);
		http_answer_finish(answer);
	}
}

bool ecr_login(const struct access *access, const struct ecr_name *name, struct login *out,
	       int64_t *life_ms, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	static const struct ecr_call call = {
		.action = "GetAuthorizationToken", .body = {"{}", 2}, .answer_max = ANSWER_MAX};
	return ecr_call(access, name, &call, &answer, err) &&
	       (ecr_parse(buf_str(&answer.body), clock_unix(), out, life_ms, err) ||
		error_wrap(err, "%s", call.action));
}
