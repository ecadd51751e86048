/*
 * Bearer tokens of the distribution token specification, kept for the run. Private to registry/.
 *
 * Tokens are cached by registry, realm, service, scope and login. One thread fetches the token of a
 * key, the others wait for it. A token is fetched again before it expires. Any thread.
 */
#pragma once

#include "registry/registry.h"

struct tokens;

/* The properties by which a token is selected. */
struct token_request {
	const struct access *access;
	const struct url *origin; /* the registry's origin */
	const char *realm;        /* the realm that the registry sent */
	const char *service;      /* the service that the registry sent; NULL: none */
	const char *scope;        /* scopes separated by blanks */
	bool cleanup;             /* the token is for a cleanup, see struct http_request */
};

struct tokens *token_cache_new(void);
void token_cache_free(struct tokens **tokens);

struct token_entry;

/* A token as handed out. Zeroed: none. Ended by token_finish(). */
struct token {
	struct buf text;
	struct token_entry *entry; /* its entry in the cache */
};

/* Wipes the token. */
void token_finish(struct token *token);
/*
 * Fills the zeroed *out with a valid token for request, fetching one if there is none. stale, if
 * not NULL, is a token that the registry has just refused: it is not handed out again.
 * ERROR_DENIED: the token server refused.
 */
bool token_get(struct tokens *tokens, const struct token_request *request, const char *stale,
	       struct token *out, struct error *err);
/*
 * Lets every token be fetched again at its next use, since what they allow was decided before
 * something changed at a registry.
 */
void token_forget(struct tokens *tokens);
/* Records that the registry accepted the token. */
void token_accepted(struct tokens *tokens, const struct token *token);
/*
 * After the registry refused this token: true when another one may be accepted, because there is a
 * newer one already, or because this one was accepted before and must have expired.
 */
bool token_renewable(struct tokens *tokens, const struct token *token);
