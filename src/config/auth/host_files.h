/*
 * Settings of docker and podman other than logins: certificates in certs.d/HOST are used;
 * registries.conf is not, and a warning says so.
 */
#pragma once

#include "config/expand.h"
#include "config/problem.h"

enum { HOST_FILES_MAX = 3 };

/* Where to look, in order. Set by host_files_places(); zeroed: nowhere. */
struct host_files {
	const char *certs[HOST_FILES_MAX];      /* folders called certs.d */
	const char *registries[HOST_FILES_MAX]; /* files called registries.conf */
};

/* The usual places; the user's own come first. */
void host_files_places(struct arena *arena, const struct expand_lookup *lookup,
		       struct host_files *out);
/*
 * The certificate authority (*.crt) for host, as a path in arena, from the first certs.d that has a
 * folder for it; NULL when there is none. Warns about further ones.
 */
const char *host_files_ca(struct arena *arena, const struct host_files *files, const char *host,
			  struct problems *problems);
/*
 * The client certificate (NAME.cert) for host and its key (NAME.key), from the same folder. A
 * problem when they cannot be used, a warning when no client certificate can be.
 */
const struct tls_client *host_files_client(struct arena *arena, const struct host_files *files,
					   const char *host, struct problems *problems);
/* Warns when registries.conf has an entry for host. */
void host_files_check(struct arena *arena, const struct host_files *files, const char *host,
		      struct problems *problems);
