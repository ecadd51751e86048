/*
 * Who we are at a registry: the entries of the auth file and the choice among them.
 *
 * Plain records, made by config/, read by registry/. The key is a registry or registry/path; the
 * longest key that is a prefix at a path boundary wins. Docker Hub's
 * names are all one. Immutable once the run has started.
 */
#pragma once

#include "base/str.h"

struct proxy;

struct credential {
	struct str key;       /* as written, host lower-cased: "reg.io:5000/team" */
	const char *username; /* NULL: anonymous */
	const char *password; /* NULL: anonymous */
	bool insecure;        /* certificates are not checked; http where https fails */
	const char *place;    /* "auth.yaml:3:1" */
	const char *token;    /* identity token for the token server; NULL: none */
	const char *ca; /* file of certificate authorities for this registry; NULL: the system's */
	const struct proxy *proxy;  /* for this registry; NULL: by the environment */
	const char *token_server;   /* host, and port, that may get this login; NULL: by its name */
	const char *const *mirrors; /* hosts to read from first, before the registry itself */
	size_t mirror_count;
	const char *helper; /* docker-credential-HELPER to ask for username and password; NULL */
	/*
	 * What is wrong with the entry, one line each; NULL: nothing. Such an entry is used by
	 * nobody: a rule that needs it is a mistake (config/usage.h).
	 */
	const char *login_fault; /* with username, password and token */
	const char *fault;       /* with anything else */
	bool needed;             /* a rule names what it is for */
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
