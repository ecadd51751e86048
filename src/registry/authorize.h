/*
 * Which login a request carries, and what its refusal teaches. Private to registry/.
 */
#pragma once

#include "registry/exchange.h"

/*
 * Appends the Authorization header that the host's challenge asks for; nothing if it asks for
 * none. stale: a token that was refused, or NULL.
 */
bool authorize_request(struct exchange *exchange, const char *stale, struct buf *out,
		       struct error *err);
/* Reads the challenge of a 401. *again: there is something new to try. */
bool authorize_learn(struct exchange *exchange, bool *again, struct error *err);
