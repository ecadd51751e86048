/*
 * The logins of the server, Basic and Bearer. Peers that guess are slowed down.
 *
 * Secrets are compared as digests, in constant time. Safe from any thread.
 */
#pragma once

#include "base/str.h"

struct login_guard;

struct login_options {
	const char *user, *password; /* for Basic; no password: there is no such login */
	const char *token;           /* for Bearer; NULL or empty: there is no such login */
	bool anonymous;              /* everybody is let in, with any login and without */
};

/* Registers the secrets and keeps only their digests. NULL without memory. */
struct login_guard *login_new(const struct login_options *options);
/* *login may be NULL. */
void login_free(struct login_guard **login);
/*
 * Whether this Authorization header (NULL: none) lets its sender in. User and password are both
 * compared, whatever the first comparison says. False without memory.
 */
bool login_check(const struct login_guard *login, const char *authorization);
/* Compares two secrets over digests of equal length, in constant time. */
bool login_equal(struct str given, struct str secret);
/*
 * Counts a refused login of this peer ("192.0.2.1", "2001:db8::1", "unix"). Returns the
 * milliseconds for which its answer is to be held back: none for the first few, then up to some
 * seconds. A peer is forgotten after ten minutes without a refusal, or when there are too many;
 * addresses of one IPv6 network (/64) are one peer.
 */
unsigned login_refused(struct login_guard *login, const char *peer, int64_t now_ms);
/*
 * Before a login is checked: 0, or the milliseconds for which this peer gets 429 at once, since it
 * failed too often. Never for loopback addresses and "unix": a proxy may be there, and a client
 * that guesses must not lock out all others behind it.
 */
unsigned login_blocked(struct login_guard *login, const char *peer, int64_t now_ms);
