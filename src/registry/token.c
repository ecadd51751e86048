/*
 * A token without a stated life is trusted for 60 seconds, as the specification says. Renewal comes
 * early, when less than a tenth or ten seconds are left, so that a token does not die on the way.
 */
#include "registry/token.h"

#include "base/base64.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/percent.h"
#include "base/retry.h"
#include "base/secret.h"
#include "doc/json.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <pthread.h>
#include <string.h>

enum { ANSWER_MAX = 1024 * 1024, LIFE_MIN = 60, LIFE_MAX = 24 * 3600, MARGIN_MS = 10000 };

struct entry {
	struct buf token;
	int64_t renew_at; /* clock_ms() */
	bool fetching;
};

struct tokens {
	struct arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map entries;
};

struct tokens *token_cache_new(void)
{
	struct arena *arena = arena_new();
	struct tokens *tokens = arena ? arena_new_of(arena, struct tokens) : NULL;
	if (!tokens) {
		arena_free(&arena);
		return NULL;
	}
	tokens->arena = arena;
	pthread_mutex_init(&tokens->lock, NULL);
	pthread_cond_init(&tokens->changed, NULL);
	return tokens;
}

void token_cache_free(struct tokens **tokens)
{
	if (!*tokens)
		return;
	struct arena *arena = (*tokens)->arena;
	for (size_t i = 0; i < (*tokens)->entries.count; i++)
		buf_wipe(&((struct entry *)(*tokens)->entries.entries[i].value)->token);
	map_finish(&(*tokens)->entries);
	pthread_cond_destroy(&(*tokens)->changed);
	pthread_mutex_destroy(&(*tokens)->lock);
	*tokens = NULL;
	arena_free(&arena);
}

/* Called locked. */
static struct entry *find_entry(struct tokens *tokens, const struct token_request *request)
{
	scoped(buf_finish) struct buf key = {0};
	const struct credential *credential = request->repository->credential;
	buf_printf(&key, "%s\n%s\n%s\n%s\n%p", request->origin->text, request->realm,
		   request->service ? request->service : "", request->scope,
		   (const void *)credential);
	if (!buf_ok(&key))
		return NULL;
	struct entry *entry = map_get(&tokens->entries, buf_str(&key));
	if (entry)
		return entry;
	entry = arena_new_of(tokens->arena, struct entry);
	return entry && map_put(&tokens->entries, buf_str(&key), entry) ? entry : NULL;
}

/* realm?service=...&scope=...&scope=... with every value encoded. */
static const char *token_url(struct arena *arena, const struct url *realm,
			     const struct token_request *request)
{
	scoped(buf_finish) struct buf text = {0};
	const char *joint = strchr(realm->text, '?') ? "&" : "?";
	struct str rest = str_of(request->scope);
	struct str scope;
	buf_add_string(&text, realm->text);
	if (request->service) {
		buf_printf(&text, "%sservice=", joint);
		percent_encode(str_of(request->service), &text);
		joint = "&";
	}
	while (str_cut(&rest, ' ', &scope)) {
		if (!scope.len)
			continue;
		buf_printf(&text, "%sscope=", joint);
		percent_encode(scope, &text);
		joint = "&";
	}
	return buf_ok(&text) ? arena_copy(arena, text.at, text.len) : NULL;
}

static bool parse_token(const struct http_answer *answer, struct buf *token, int64_t *life,
			struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!json_read(arena, buf_str(&answer->body), &root, err)) {
		err->kind = ERROR_CORRUPT;
		return error_wrap(err, "the token server's answer");
	}
	struct str text = node_string(node_get(root, "access_token"));
	if (!text.len)
		text = node_string(node_get(root, "token"));
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			text = (struct str){0};
	if (!text.len)
		return error_set(err, ERROR_CORRUPT, "the token server's answer holds no token");
	if (!node_int64(node_get(root, "expires_in"), life) || *life < LIFE_MIN)
		*life = LIFE_MIN;
	if (*life > LIFE_MAX)
		*life = LIFE_MAX;
	secret_register(text);
	buf_add_str(token, text);
	return buf_ok(token) || error_memory(err);
}

/* The login goes to the realm only where url_may_send() allows it. */
static bool login_header(const struct token_request *request, const struct url *realm,
			 enum url_verdict verdict, struct buf *out, struct error *err)
{
	const struct credential *credential = request->repository->credential;
	scoped(buf_wipe) struct buf pair = {0};
	if (!credential || !credential->username)
		return true;
	if (verdict != URL_WITH_AUTH) {
		log_warn("%s names a token server of another domain, %s: asking without login",
			 request->origin->host, realm->host);
		return true;
	}
	buf_printf(&pair, "%s:%s", credential->username, credential->password);
	buf_add_string(out, "Authorization: Basic ");
	base64_encode(buf_str(&pair), out);
	return (buf_ok(&pair) && buf_ok(out)) || error_memory(err);
}

static bool ask_once(const struct token_request *request, struct arena *arena, struct buf *token,
		     int64_t *life, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_wipe) struct buf login = {0};
	const struct repository *repository = request->repository;
	const struct registry_options *options = &repository->registry->options;
	struct url realm, url;
	if (!url_resolve(arena, request->origin, request->realm, &realm, err))
		return error_wrap(err, "token server of %s", request->origin->host);
	enum url_verdict verdict = url_may_send(request->origin, &realm, URL_TOKEN);
	if (verdict == URL_DENY)
		return error_set(err, ERROR_REFUSED,
				 "token server %s://%s of the registry %s refused", realm.scheme,
				 realm.host, request->origin->host);
	const char *text = token_url(arena, &realm, request);
	if (!text)
		return error_memory(err);
	if (!url_parse(arena, text, &url, err) ||
	    !login_header(request, &realm, verdict, &login, err))
		return false;
	const char *headers[] = {buf_string(&login)};
	struct http_request get = {.method = "GET",
				   .url = &url,
				   .headers = headers,
				   .header_count = login.len ? 1 : 0,
				   .answer_max = ANSWER_MAX,
				   .insecure =
					   repository->host->insecure && verdict == URL_WITH_AUTH};
	bool sent = http_send(options->http, &get, &answer, err);
	if (options->counted && sent)
		options->counted(options->ctx, repository->target);
	if (sent && answer.status == 200)
		sent = parse_token(&answer, token, life, err);
	else if (sent)
		sent = answer_error(&answer, err);
	return sent || error_wrap(err, "token server %s", realm.host);
}

static bool fetch(const struct token_request *request, struct buf *token, int64_t *life,
		  struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		scoped(arena_free) struct arena *arena = arena_new();
		if (!arena)
			return error_memory(err);
		if (ask_once(request, arena, token, life, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

static bool usable(const struct entry *entry, const char *stale)
{
	return entry->token.len && clock_ms() < entry->renew_at &&
	       !(stale && str_is(buf_str(&entry->token), stale));
}

bool token_get(struct tokens *tokens, const struct token_request *request, const char *stale,
	       struct buf *out, struct error *err)
{
	int64_t life = 0;
	scoped(buf_wipe) struct buf fresh = {0};
	pthread_mutex_lock(&tokens->lock);
	struct entry *entry = find_entry(tokens, request);
	while (entry && entry->fetching)
		pthread_cond_wait(&tokens->changed, &tokens->lock);
	bool fetching = entry && !usable(entry, stale);
	if (fetching)
		entry->fetching = true;
	else if (entry)
		buf_add_str(out, buf_str(&entry->token));
	pthread_mutex_unlock(&tokens->lock);
	if (!fetching)
		return (entry && buf_ok(out)) || error_memory(err);

	bool ok = fetch(request, &fresh, &life, err);
	pthread_mutex_lock(&tokens->lock);
	entry->fetching = false;
	buf_wipe(&entry->token);
	if (ok) {
		int64_t margin = life * 100 > MARGIN_MS ? life * 100 : MARGIN_MS;
		buf_add_str(&entry->token, buf_str(&fresh));
		buf_add_str(out, buf_str(&fresh));
		entry->renew_at = clock_ms() + life * 1000 - margin;
		ok = (buf_ok(out) && buf_ok(&entry->token)) || error_memory(err);
	}
	pthread_cond_broadcast(&tokens->changed);
	pthread_mutex_unlock(&tokens->lock);
	return ok;
}
