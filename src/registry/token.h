/*
 * Bearer tokens of the distribution token specification, kept for the run. Private to registry/.
 *
 * Tokens are cached by registry, realm, service, scope and login. One fetch is in flight per key,
 * the others wait for it. A token is fetched again before it expires.
 * Any thread.
 */
#pragma once

#include "registry/registry.h"

struct tokens;

/* Everything that decides which token is meant. */
struct token_request {
	const struct access *access;
	const struct url *origin; /* of the registry */
	const char *realm;        /* as the registry sent it */
	const char *service;      /* or NULL */
	const char *scope;        /* scopes separated by blanks */
	bool cleanup;             /* it is for a request that cleans up, see struct http_request */
};

struct tokens *token_cache_new(void);
void token_cache_free(struct tokens **tokens);

struct token_entry;

/* A token as handed out. Zeroed: none. Ended by token_finish(). */
struct token {
	struct buf text;
	struct token_entry *entry; /* of the cache it came from */
};

/* Wipes it. */
void token_finish(struct token *token);
/*
 * Writes a valid token for request into the zeroed *out, fetching it when there is none. stale,
 * when not NULL, is a token the registry has just refused: it is not handed out again.
 * ERROR_DENIED: the token server refused.
 */
bool token_get(struct tokens *tokens, const struct token_request *request, const char *stale,
	       struct token *out, struct error *err);
/* The registry took the token. */
void token_accepted(struct tokens *tokens, const struct token *token);
/*
 * True when another token may be taken where this one is refused: there is a newer one already, or
 * the registry took this one before, so that it must have expired since.
 */
bool token_renewable(struct tokens *tokens, const struct token *token);
