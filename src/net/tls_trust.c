/*
 * libcurl's BearSSL backend parses the whole CA file again for every connection, 23 ms of CPU for a
 * distribution's bundle. Here it is parsed once per process, and only by runs that use https.
 *
 * The environment is read when the object is made, in the main thread, since getenv() must not run
 * at the same time as setenv(); the file is read on first use.
 */
#include "net/tls_trust.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <pthread.h>
#include <unistd.h>

enum { FILE_LIMIT = 16 * 1024 * 1024, TOLD_MAX = 5 };

static const char *const system_places[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

struct tls_trust {
	struct arena *arena;
	const char *path;   /* NULL: the system's bundle */
	const char *origin; /* where path came from, for messages: "SSL_CERT_FILE: " or "" */
	pthread_mutex_t lock;
	bool tried;
	struct tls_anchors anchors;
	struct error failure; /* set when the file was tried and gave no anchors */
	struct tls_memo memo;
};

struct tls_trust *tls_trust_new(struct arena *arena, const char *path)
{
	struct tls_trust *trust = arena_new_of(arena, struct tls_trust);
	const char *variable = path ? NULL : getenv("SSL_CERT_FILE");
	if (!trust || pthread_mutex_init(&trust->lock, NULL) != 0)
		return NULL;
	if (!tls_memo_init(&trust->memo)) {
		pthread_mutex_destroy(&trust->lock);
		return NULL;
	}
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
	tls_memo_finish(&trust->memo);
	pthread_mutex_destroy(&trust->lock);
}

static const char *find_system_bundle(void)
{
	for (size_t i = 0; i < array_count(system_places); i++)
		if (access(system_places[i], R_OK) == 0)
			return system_places[i];
	return NULL;
}

/*
 * Lists the first few refused certificates, each with its number in the file, its name and the
 * reason.
 */
static void list_refused(const struct tls_anchors *found, struct buf *out)
{
	for (size_t i = 0; i < found->refused_count && i < TOLD_MAX; i++) {
		const struct tls_refused *refused = &found->refused[i];
		buf_printf(out, "%snumber %zu", i ? "; " : "", refused->number);
		if (*refused->title)
			buf_printf(out, " (%s)", refused->title);
		buf_printf(out, " %s", tls_fault_predicate(refused->fault));
	}
	if (found->refused_count > TOLD_MAX)
		buf_printf(out, "; and %zu more", found->refused_count - TOLD_MAX);
}

/*
 * Dates of anchors are checked with each connection. A file with only expired ones gets a warning
 * early.
 */
static void tell_dates(const char *where, const struct tls_anchors *found)
{
	char title[TLS_CERTIFICATE_TITLE_SIZE];
	size_t past = 0;
	for (size_t i = 0; i < found->count; i++)
		past += tls_certificate_date(&found->at[i], clock_unix()) != TLS_FAULT_NONE;
	if (past < found->count) {
		log_debug("%s: %zu CA certificates, of which %zu are out of date", where,
			  found->count, past);
		return;
	}
	const char *what = tls_fault_predicate(tls_certificate_date(&found->at[0], clock_unix()));
	tls_certificate_title(&found->at[0], title);
	if (found->count == 1)
		log_warn("%s: its CA certificate (%s) %s", where, title, what);
	else
		log_warn("%s: none of its %zu CA certificates is valid now: the first (%s) %s",
			 where, found->count, title, what);
}

static bool take_anchors(struct tls_trust *trust, const char *where, struct str pem,
			 struct error *err)
{
	scoped(buf_finish) struct buf refused = {0};
	struct tls_anchors found = {0};
	if (!tls_pem_anchors(trust->arena, pem, &found, err))
		return false;
	list_refused(&found, &refused);
	if (!buf_ok(&refused))
		return error_memory(err);
	if (!found.count)
		return error_set(err, ERROR_CONFIG,
				 "%s has no usable CA certificate%s%s; it must hold certificates "
				 "in PEM form",
				 where, refused.len ? ": " : "", buf_string(&refused));
	if (found.refused_count)
		log_warn("%s: %zu of %zu CA certificates cannot be used: %s", where,
			 found.refused_count, found.refused_count + found.count,
			 buf_string(&refused));
	tell_dates(where, &found);
	trust->anchors = found;
	return true;
}

static bool load(struct tls_trust *trust, struct error *err)
{
	scoped(buf_wipe) struct buf text = buf_limit(FILE_LIMIT);
	scoped(buf_finish) struct buf where = {0};
	const char *path = trust->path ? trust->path : find_system_bundle();
	if (!path)
		return error_set(err, ERROR_CONFIG,
				 "this system has no file of certificate authorities: install the "
				 "package ca-certificates, or name a PEM file in SSL_CERT_FILE");
	if (!file_read(path, &text, err))
		return *trust->origin ? error_wrap(err, "SSL_CERT_FILE") : false;
	buf_printf(&where, "%s%s", trust->origin, path);
	return buf_ok(&where) ? take_anchors(trust, buf_string(&where), buf_str(&text), err)
			      : error_memory(err);
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

struct tls_memo *tls_trust_memo(struct tls_trust *trust)
{
	return &trust->memo;
}
