/*
 * What a registry asks for with a 401: the WWW-Authenticate header (RFC 9110, 11.6.1).
 *
 * An answer can have several such headers and each several challenges. The caller starts with a
 * zeroed record and gives every header value to challenge_parse(), which keeps the best: Bearer,
 * then Basic, the first of equal ones. Unsupported schemes (Negotiate, NTLM) are skipped.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { CHALLENGE_BYTES_MAX = 4096 };

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

/* Strings live in the arena, NULL where a parameter was not given. They are untrusted. */
struct challenge {
	enum challenge_scheme scheme;
	const char *realm; /* the URL of the token server, perhaps relative; set for Bearer */
	const char *service;
	const char *scope;
	const char *error; /* "insufficient_scope", "invalid_token" */
};

/*
 * Reads one header value and replaces *best if it holds something better. A value of more than
 * CHALLENGE_BYTES_MAX bytes, a challenge with broken quotes or control characters, and a Bearer one
 * without realm are ignored. False without memory only.
 */
bool challenge_parse(struct arena *arena, struct str value, struct challenge *best);
/* True when candidate is better than best. */
bool challenge_better(const struct challenge *candidate, const struct challenge *best);
