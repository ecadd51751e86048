/*
 * Logins of docker and podman: config.json, auth.json and the old .dockercfg.
 *
 * Pure: docker_files.h finds and reads the files. The members "auths" (auth, username and password,
 * identitytoken), "credHelpers" and "credsStore" are used. A helper named for a registry comes
 * before its login; credsStore applies to registries with neither.
 */
#pragma once

#include "config/document.h"
#include "registry/credential.h"

/* No file lists the hosts that docker-credential-HELPER knows, so it may be asked about any. */
struct docker_store {
	const char *helper; /* NULL: none */
	const char *place;
};

enum { DOCKER_FILES_MAX = 4 };

struct docker_logins {
	struct credentials list; /* those of earlier files first; of equal keys the first counts */
	struct docker_store store;
	const char *files[DOCKER_FILES_MAX]; /* the files that were read */
	size_t file_count;
};

/*
 * Adds the logins of one file to *logins, in arena; every password and token is registered as a
 * secret. flat: the document is .dockercfg, which holds what other files have under "auths". A
 * malformed part of the file goes to problems and is left out; a malformed login becomes the
 * login_fault of its entry.
 */
void docker_config_read(struct arena *arena, const struct document *document, bool flat,
			struct docker_logins *logins, struct problems *problems);
