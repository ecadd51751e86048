/*
 * Chooses the login of a request, and learns from its refusal. Private to registry/.
 */
#pragma once

#include "registry/challenge.h"
#include "registry/exchange.h"

/*
 * Appends the Authorization header that the host's challenge asks for; nothing if it asks for
 * none. stale: a token that was refused, or NULL.
 */
bool authorize_request(struct exchange *exchange, const char *stale, struct buf *out,
		       struct error *err);
/*
 * Reads what an answer with a status of 400 or more says about the login. *again: there is
 * something new to try.
 */
bool authorize_learn(struct exchange *exchange, bool *again, struct error *err);
/* Remembers that the token or login is good, if the answer shows that. */
void authorize_judge(const struct exchange *exchange);

/* How requests to a repository carry its login, for messages. */
struct authorize_state {
	enum challenge_scheme scheme; /* the scheme that the registry asks for, if any */
	bool sent;                    /* the login is sent with requests, or to the token server */
	const char *realm; /* host of a token server that may not get the login; else NULL */
};

/* Strings of *out live in arena. */
void authorize_look(const struct access *access, struct arena *arena, struct authorize_state *out);
