/*
 * One visit to a token server (the distribution project's token specification, with OAuth2).
 * Private to registry/.
 */
#pragma once

#include "registry/token.h"

/*
 * Fetches a token into *token; *life is how long it may be used, in seconds. An identity token is
 * sent by POST first, everything else is a GET. A failure that another try may cure is tried again,
 * and a refused login from a helper is asked for again. ERROR_DENIED: the server refused.
 */
bool token_fetch(const struct token_request *request, struct buf *token, int64_t *life,
		 struct error *err);
/* Reads the server's answer. ERROR_CORRUPT. */
bool token_fetch_parse(const struct http_answer *answer, struct buf *token, int64_t *life,
		       struct error *err);
/* Appends realm?service=...&scope=...&scope=..., every value encoded, for a GET. */
void token_fetch_query(const char *realm, const struct token_request *request, struct buf *out);
/* Appends the form of a POST: one parameter scope, and the identity token. */
void token_fetch_form(struct str identity, const struct token_request *request, struct buf *out);
