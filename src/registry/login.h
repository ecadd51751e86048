/*
 * The login for a registry or its token server: a name and a password, or an identity token.
 *
 * It comes, in this order, from the entry of the auth file or of a docker login, from a credential
 * helper, or for Amazon ECR from the AWS keys of the environment. A login from a helper or from AWS
 * is kept for the run, and renewed before it expires or when it is refused; one thread requests it,
 * the others wait. Private to registry/. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "registry/registry.h"

/* Zeroed: anonymous. Ended by login_finish(). */
struct login {
	struct buf username;
	struct buf secret; /* password or identity token; empty: anonymous */
	bool identity;     /* secret is a refresh token of the token server (OAuth2) */
	unsigned serial;   /* counts the answers of a helper or cloud; 0: it never changes */
};

struct logins;

struct logins *login_cache_new(void);
void login_cache_free(struct logins **logins);

/* Wipes the login. */
void login_finish(struct login *login);
/* Fills login, which must be empty. False without memory. */
bool login_set(struct login *login, struct str username, struct str secret);
/* True when a login is configured, or a helper or AWS may give one, as far as is known. */
bool login_exists(const struct access *access);
/* The place that the login comes from, for messages ("auth.yaml:3:1"); NULL: anonymous. */
const char *login_place(const struct access *access);
/*
 * Fills the zeroed *out with the login for access. refused, if not 0, is the serial of a login that
 * was just refused: a newer one is requested if there can be one. ERROR_CONFIG: there is no such
 * helper, or a key cannot be read; ERROR_DENIED: the helper or the cloud refused.
 */
bool login_get(const struct access *access, unsigned refused, struct login *out, struct error *err);
/* Appends "Authorization: Basic ..."; nothing when anonymous. */
bool login_basic(const struct login *login, struct buf *out, struct error *err);
/* Appends "Authorization: Bearer ..." with the secret; nothing when anonymous. */
bool login_bearer(const struct login *login, struct buf *out, struct error *err);
