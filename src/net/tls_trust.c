/*
 * libcurl's BearSSL backend parses the whole CA file again for every connection, 23 ms of CPU for a
 * distribution's bundle. Here it is parsed once per process, and only by runs that use https.
 *
 * The environment is read when the object is made, in the main thread, since getenv() may not run
 * beside a setenv(); the file is read when somebody needs it.
 */
#include "net/tls_trust.h"

#include "base/file.h"
#include "base/log.h"

#include <pthread.h>
#include <unistd.h>

enum { FILE_LIMIT = 16 * 1024 * 1024 };

static const char *const system_places[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

struct tls_trust {
	struct arena *arena;
	const char *path;   /* NULL: the system's bundle */
	const char *origin; /* what made us read path, for messages: "SSL_CERT_FILE: " or "" */
	pthread_mutex_t lock;
	bool tried;
	struct tls_anchors anchors;
	struct error failure; /* when tried and without anchors */
};

struct tls_trust *tls_trust_new(struct arena *arena, const char *path)
{
	struct tls_trust *trust = arena_new_of(arena, struct tls_trust);
	const char *variable = path ? NULL : getenv("SSL_CERT_FILE");
	if (!trust || pthread_mutex_init(&trust->lock, NULL) != 0)
		return NULL;
	trust->arena = arena;
	trust->origin = "";
	if (variable && *variable) {
		trust->origin = "SSL_CERT_FILE: ";
		path = variable;
	}
	if (!path)
		return trust;
	trust->path = arena_string(arena, path);
	if (trust->path)
		return trust;
	tls_trust_finish(trust);
	return NULL;
}

void tls_trust_finish(struct tls_trust *trust)
{
	pthread_mutex_destroy(&trust->lock);
}

static const char *find_system_bundle(void)
{
	for (size_t i = 0; i < array_count(system_places); i++)
		if (access(system_places[i], R_OK) == 0)
			return system_places[i];
	return NULL;
}

static bool load(struct tls_trust *trust, struct error *err)
{
	scoped(buf_wipe) struct buf text = buf_limit(FILE_LIMIT);
	const char *path = trust->path ? trust->path : find_system_bundle();
	struct tls_anchors found = {0};
	if (!path)
		return error_set(err, ERROR_CONFIG,
				 "this system has no file of certificate authorities: install the "
				 "package ca-certificates, or name a PEM file in SSL_CERT_FILE");
	if (!file_read(path, &text, err))
		return *trust->origin ? error_wrap(err, "SSL_CERT_FILE") : false;
	if (!tls_pem_anchors(trust->arena, buf_str(&text), &found, err))
		return false;
	if (!found.count)
		return error_set(
			err, ERROR_CONFIG,
			"%s%s has no usable CA certificate (%zu skipped as damaged or of an "
			"unsupported kind); it must hold certificates in PEM form",
			trust->origin, path, found.skipped);
	if (found.skipped)
		log_warn("%s%s: %zu of %zu CA certificates skipped, damaged or of an unsupported "
			 "kind",
			 trust->origin, path, found.skipped, found.skipped + found.count);
	trust->anchors = found;
	return true;
}

bool tls_trust_get(struct tls_trust *trust, struct tls_anchors *out, struct error *err)
{
	pthread_mutex_lock(&trust->lock);
	if (!trust->tried)
		trust->tried = load(trust, &trust->failure) || trust->failure.kind != ERROR_MEMORY;
	bool usable = trust->anchors.count > 0;
	*out = trust->anchors;
	if (!usable)
		*err = trust->failure;
	pthread_mutex_unlock(&trust->lock);
	return usable;
}
