/*
 * A login is first turned into a token; its password may be an access token as well. To remove
 * tags, a token is kept for the run, and replaced when it is refused: it lasts some minutes only.
 */
#include "registry/hub.h"

#include "base/secret.h"
#include "doc/json_writer.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/login.h"
#include "registry/registry_private.h"
#include "registry/remove.h"
#include "registry/request.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

#define API "hub.docker.com"

const char *hub_api(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? API : host;
}

/* --- the login ------------------------------------------------------------------------------ */

static bool write_login(const struct login *login, struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	json_writer_name(&json, "identifier");
	json_writer_string(&json, buf_string(&login->username));
	json_writer_name(&json, "secret");
	json_writer_string(&json, buf_string(&login->secret));
	json_writer_close_object(&json);
	return buf_ok(out);
}

/* Takes the token of an answer; one that cannot be sent is none. */
static bool read_token(const struct http_answer *answer, struct arena *arena, const char **token,
		       struct error *err)
{
	const struct node *root = NULL;
	if (!answer_json(arena, answer, "a token", &root, err))
		return false;
	struct str text = node_string(node_get(root, "access_token"));
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~')
			text.len = 0;
	if (!text.len)
		return error_set(err, ERROR_CORRUPT, "the answer holds no token");
	secret_register_token(text);
	*token = arena_copy(arena, text.at, text.len);
	return *token || error_memory(err);
}

bool hub_login(const struct repository *registry, const struct repository *api, struct arena *arena,
	       const char **token, struct error *err)
{
	scoped(login_finish) struct login login = {0};
	scoped(buf_wipe) struct buf body = {0};
	scoped(http_answer_finish) struct http_answer answer = {0};
	*token = NULL;
	if (!login_get(&registry->access, 0, &login, err))
		return false;
	if (!login.username.len || !login.secret.len || login.identity)
		return true;
	if (!write_login(&login, &body))
		return error_memory(err);
	const struct request request = {.method = "POST",
					.path = "/v2/auth/token",
					.content_type = "application/json",
					.body = buf_str(&body),
					.answer_max = ANSWER_MAX,
					.anonymous = true,
					.stay = true};
	if (!request_send(api, &request, &answer, err))
		return false;
	if (answer.status == 404 || answer.status == 405)
		return true;
	return answer.status == 200 ? read_token(&answer, arena, token, err)
				    : answer_error(&answer, err);
}

/* --- removing tags -------------------------------------------------------------------------- */

/* The token for the API, into arena. *kept: it is the one of an earlier request. */
static bool take_token(const struct repository *repository, const struct repository *api,
		       struct arena *arena, const char **token, bool *kept, struct error *err)
{
	struct registry *registry = repository->access.registry;
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%p", (const void *)repository->access.credential);
	if (!buf_ok(&key))
		return error_memory(err);
	pthread_mutex_lock(&registry->lock);
	*token = *kept ? map_get(&registry->hub_tokens, buf_str(&key)) : NULL;
	pthread_mutex_unlock(&registry->lock);
	*kept = *token != NULL;
	if (*kept)
		return true;
	if (!hub_login(repository, api, arena, token, err))
		return error_wrap(err, "the login of docker.io at " API);
	if (!*token)
		return error_set(err, ERROR_DENIED,
				 API " removes tags for a login with name and password only, and "
				     "the auth file has none for docker.io");
	pthread_mutex_lock(&registry->lock);
	char *copy = arena_copy(registry->arena, *token, strlen(*token));
	bool ok = copy && map_put(&registry->hub_tokens, buf_str(&key), copy);
	pthread_mutex_unlock(&registry->lock);
	return ok || error_memory(err);
}

/* Sends the removal, and again with a new token where the kept one is refused. */
static bool send_removal(const struct repository *repository, const struct repository *api,
			 struct request *request, struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	bool kept = true;
	if (!arena)
		return error_memory(err);
	for (;;) {
		if (!take_token(repository, api, arena, &request->token, &kept, err) ||
		    !request_send(api, request, answer, err))
			return false;
		if (answer->status != 401 || !kept)
			return true;
		kept = false;
		http_answer_finish(answer);
	}
}

bool hub_remove(const struct repository *repository, const char *reference, enum store_removal *out,
		struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	const struct registry_approach approach = {.insecure = repository->access.host->insecure};
	const char *slash = strchr(repository->name, '/');
	struct request request = {.method = "DELETE", .answer_max = ANSWER_MAX, .stay = true};
	struct repository api;
	*out = STORE_KEPT;
	if (strchr(reference, ':'))
		return true;
	if (!slash || strchr(slash + 1, '/'))
		return error_set(err, ERROR_UNSUPPORTED, "Docker Hub has no such repositories");
	if (arena)
		request.path = arena_printf(arena, "/v2/namespaces/%.*s/repositories/%s/tags/%s",
					    (int)(slash - repository->name), repository->name,
					    slash + 1, reference);
	if (!request.path)
		return error_memory(err);
	if (!registry_beside(repository, API, &approach, &api, err) ||
	    !send_removal(repository, &api, &request, &answer, err))
		return false;
	if (remove_answered(&answer, out) && *out != STORE_NOT_SO)
		return true;
	answer_error(&answer, err);
	return error_wrap(err, API "%s",
			  err->kind == ERROR_DENIED ? " needs an access token that may delete"
						    : "");
}
