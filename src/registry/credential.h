/*
 * Logins and settings for registries: the entries of the auth file and the choice among them.
 *
 * Plain records, made by config/, read by registry/. The key is a registry or registry/path; the
 * longest key that is a prefix at a path boundary wins. All names of Docker Hub count as one.
 * Immutable once the run has started.
 */
#pragma once

#include "base/str.h"

struct proxy;
struct tls_client;

enum { CREDENTIAL_FILES = 3 };

struct credential {
	struct str key;       /* as written, host lower-cased: "reg.io:5000/team" */
	const char *username; /* NULL: anonymous */
	const char *password; /* NULL: anonymous */
	bool insecure;        /* certificates are not checked; http where https fails */
	const char *place;    /* "auth.yaml:3:1" */
	const char *files[CREDENTIAL_FILES]; /* that the login was read from; NULL: none */
	const char *token;                   /* identity token for the token server; NULL: none */
	const char *ca; /* file of certificate authorities for this registry; NULL: the system's */
	const struct tls_client *client; /* identifies us to this registry; NULL: none */
	const struct proxy *proxy;  /* for this registry; NULL: that of the environment, if any */
	const char *token_server;   /* host, or host:port, that may get this login; NULL: by name */
	const char *const *mirrors; /* hosts to read from first, before the registry itself */
	size_t mirror_count;
	const char *helper; /* docker-credential-HELPER to ask for username and password; NULL */
	/*
	 * The mistakes of the entry, one line each; NULL: none. An entry with mistakes is never
	 * used: if a rule needs it, the run does not begin (config/usage.h).
	 */
	const char *login_fault; /* those of username, password and token */
	const char *fault;       /* all others */
	bool needed;             /* a rule needs the entry */
};

struct credentials {
	struct credential *items;
	size_t count;
};

/* The entry for host/repository, or NULL. host is normalised ("docker.io"). */
const struct credential *credential_find(const struct credentials *credentials, struct str host,
					 struct str repository);
/*
 * The key with scheme, trailing slash and Docker Hub's aliases normalised: a slice of key or
 * static.
 */
struct str credential_key_normal(struct str key);
