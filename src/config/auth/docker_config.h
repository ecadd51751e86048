/*
 * Logins of docker and podman: config.json, auth.json and the old .dockercfg.
 *
 * Pure: files are found and read by docker_files.h. Of a file are used "auths" (auth, username and
 * password, identitytoken), "credHelpers" and "credsStore". A helper named for a registry comes
 * before its login, and a login before credsStore, which applies to what has neither.
 */
#pragma once

#include "config/document.h"
#include "registry/credential.h"

/* What docker-credential-HELPER knows is not listed anywhere, so it may be asked about any host. */
struct docker_store {
	const char *helper; /* NULL: none */
	const char *place;
};

enum { DOCKER_FILES_MAX = 4 };

struct docker_logins {
	struct credentials list; /* those of earlier files first: the first of equals counts */
	struct docker_store store;
	const char *files[DOCKER_FILES_MAX]; /* that were read */
	size_t file_count;
};

/*
 * Adds the logins of one file to *logins, in arena; every password and token is registered as a
 * secret. flat: the document is .dockercfg, which is what other files have under "auths". What is
 * malformed about the file goes to problems and is left out; what is malformed about one registry
 * is the login_fault of its entry.
 */
void docker_config_read(struct arena *arena, const struct document *document, bool flat,
			struct docker_logins *logins, struct problems *problems);
