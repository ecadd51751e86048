/*
 * A token is renewed early, when less than a tenth or ten seconds of its life are left, so that it
 * does not expire on the way.
 */
#include "registry/token.h"

#include "base/clock.h"
#include "base/map.h"
#include "registry/token_fetch.h"

#include <pthread.h>

enum { MARGIN_MS = 10000, FAILED_MS = 4000 };

struct token_entry {
	struct buf token;
	bool accepted;        /* the registry has accepted it */
	int64_t renew_at;     /* clock_ms() from which it is renewed */
	int64_t failed_until; /* clock_ms() up to which failure is the answer */
	struct error failure;
	bool fetching; /* a thread fetches it */
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
		buf_wipe(&((struct token_entry *)(*tokens)->entries.entries[i].value)->token);
	map_finish(&(*tokens)->entries);
	pthread_cond_destroy(&(*tokens)->changed);
	pthread_mutex_destroy(&(*tokens)->lock);
	*tokens = NULL;
	arena_free(&arena);
}

void token_finish(struct token *token)
{
	buf_wipe(&token->text);
	token->entry = NULL;
}

void token_accepted(struct tokens *tokens, const struct token *token)
{
	if (!token->entry)
		return;
	pthread_mutex_lock(&tokens->lock);
	if (str_equal(buf_str(&token->entry->token), buf_str(&token->text)))
		token->entry->accepted = true;
	pthread_mutex_unlock(&tokens->lock);
}

bool token_renewable(struct tokens *tokens, const struct token *token)
{
	if (!token->entry)
		return false;
	pthread_mutex_lock(&tokens->lock);
	bool same = str_equal(buf_str(&token->entry->token), buf_str(&token->text));
	bool renewable = !same || token->entry->accepted;
	pthread_mutex_unlock(&tokens->lock);
	return renewable;
}

/* NULL without memory. Caller holds the lock. */
static struct token_entry *find_entry(struct tokens *tokens, const struct token_request *request)
{
	scoped(buf_finish) struct buf key = {0};
	const struct credential *credential = request->access->credential;
	buf_printf(&key, "%s\n%s\n%s\n%s\n%p", request->origin->text, request->realm,
		   request->service ? request->service : "", request->scope,
		   (const void *)credential);
	if (!buf_ok(&key))
		return NULL;
	struct token_entry *entry = map_get(&tokens->entries, buf_str(&key));
	if (entry)
		return entry;
	entry = arena_new_of(tokens->arena, struct token_entry);
	return entry && map_put(&tokens->entries, buf_str(&key), entry) ? entry : NULL;
}

static bool usable(const struct token_entry *entry, const char *stale)
{
	return entry->token.len && clock_ms() < entry->renew_at &&
	       !(stale && str_is(buf_str(&entry->token), stale));
}

/*
 * Looks up the entry: a token in out, an error, or *fetch: the caller has to fetch it. Caller holds
 * the lock.
 */
static bool look_up(struct tokens *tokens, struct token_entry *entry, const char *stale,
		    bool *fetch, struct buf *out, struct error *err)
{
	*fetch = false;
	while (entry->fetching)
		pthread_cond_wait(&tokens->changed, &tokens->lock);
	if (usable(entry, stale)) {
		buf_add_str(out, buf_str(&entry->token));
		return buf_ok(out) || error_memory(err);
	}
	if (clock_ms() < entry->failed_until) {
		*err = entry->failure;
		return false;
	}
	*fetch = entry->fetching = true;
	return true;
}

/* Stores the result of a fetch and wakes the waiting threads. Caller holds the lock. */
static bool store(struct tokens *tokens, struct token_entry *entry, const struct buf *fresh,
		  int64_t life, const struct error *failure)
{
	int64_t margin = life * 100 > MARGIN_MS ? life * 100 : MARGIN_MS;
	entry->fetching = false;
	entry->accepted = false;
	buf_wipe(&entry->token);
	/* A fetch that a stop interrupted must not fail requests that clean up. */
	if (failure && failure->kind != ERROR_CANCELED) {
		entry->failure = *failure;
		entry->failed_until = clock_ms() + FAILED_MS;
	} else if (!failure) {
		buf_add_str(&entry->token, buf_str(fresh));
		entry->renew_at = clock_ms() + life * 1000 - margin;
	}
	pthread_cond_broadcast(&tokens->changed);
	return buf_ok(&entry->token);
}

bool token_get(struct tokens *tokens, const struct token_request *request, const char *stale,
	       struct token *out, struct error *err)
{
	int64_t life = 0;
	bool fetch = false;
	scoped(buf_wipe) struct buf fresh = {0};
	pthread_mutex_lock(&tokens->lock);
	struct token_entry *entry = find_entry(tokens, request);
	bool ok =
		entry ? look_up(tokens, entry, stale, &fetch, &out->text, err) : error_memory(err);
	pthread_mutex_unlock(&tokens->lock);
	out->entry = entry;
	if (!fetch)
		return ok;
	ok = token_fetch(request, &fresh, &life, err);
	pthread_mutex_lock(&tokens->lock);
	bool stored = store(tokens, entry, &fresh, life, ok ? NULL : err);
	pthread_mutex_unlock(&tokens->lock);
	buf_add_str(&out->text, buf_str(&fresh));
	return ok && ((stored && buf_ok(&out->text)) || error_memory(err));
}
