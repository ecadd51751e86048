/*
 * A token is renewed early, when less than a tenth or ten seconds of its life are left, so that it
 * does not expire on the way.
 */
#include "registry/token.h"

#include "base/clock.h"
#include "base/flight.h"
#include "base/map.h"
#include "registry/token_fetch.h"

#include <pthread.h>

enum { MARGIN_MS = 10000, FAILED_MS = 4000 };

struct token_entry {
	struct flight flight;
	struct buf token;
	bool accepted;    /* the registry took it */
	int64_t renew_at; /* clock_ms() */
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

void token_forget(struct tokens *tokens)
{
	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < tokens->entries.count; i++)
		((struct token_entry *)tokens->entries.entries[i].value)->renew_at = 0;
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
 * Says whose turn it is to fetch; a token that is there already goes to out. Caller holds the lock.
 */
static enum flight_turn look_up(struct tokens *tokens, struct token_entry *entry, const char *stale,
				struct buf *out, struct error *err)
{
	enum flight_turn turn =
		flight_board(&entry->flight, &tokens->changed, &tokens->lock, NULL, err);
	if (turn == FLIGHT_LANDED && !usable(entry, stale))
		turn = flight_again(&entry->flight);
	if (turn == FLIGHT_LANDED)
		buf_add_str(out, buf_str(&entry->token));
	return turn;
}

/*
 * Ends a lead with what the fetch brought. False without memory for the token. Caller holds the
 * lock.
 */
static bool store(struct tokens *tokens, struct token_entry *entry, const struct buf *fresh,
		  int64_t life, const struct error *failure)
{
	int64_t margin = life * 100 > MARGIN_MS ? life * 100 : MARGIN_MS;
	entry->accepted = false;
	buf_wipe(&entry->token);
	if (!failure) {
		buf_add_str(&entry->token, buf_str(fresh));
		entry->renew_at = clock_ms() + life * 1000 - margin;
		flight_land(&entry->flight, &tokens->changed);
		return buf_ok(&entry->token);
	}
	/* What a stop cut off says nothing to those who clean up. */
	if (!error_is_stop(failure))
		flight_ground(&entry->flight, tokens->arena, FAILED_MS, failure);
	flight_drop(&entry->flight, &tokens->changed);
	return true;
}

bool token_get(struct tokens *tokens, const struct token_request *request, const char *stale,
	       struct token *out, struct error *err)
{
	int64_t life = 0;
	enum flight_turn turn = FLIGHT_FAILED;
	scoped(buf_wipe) struct buf fresh = {0};
	pthread_mutex_lock(&tokens->lock);
	struct token_entry *entry = find_entry(tokens, request);
	if (entry)
		turn = look_up(tokens, entry, stale, &out->text, err);
	else
		error_memory(err);
	pthread_mutex_unlock(&tokens->lock);
	out->entry = entry;
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED && (buf_ok(&out->text) || error_memory(err));
	bool ok = token_fetch(request, &fresh, &life, err);
	pthread_mutex_lock(&tokens->lock);
	bool stored = store(tokens, entry, &fresh, life, ok ? NULL : err);
	pthread_mutex_unlock(&tokens->lock);
	buf_add_str(&out->text, buf_str(&fresh));
	return ok && ((stored && buf_ok(&out->text)) || error_memory(err));
}
