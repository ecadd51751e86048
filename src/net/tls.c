/*
 * No session that was made under one trust set may be resumed under another, so each has a name
 * that its engine makes a part of what libcurl compares. The name is random rather than an address
 * or a counter, so it needs no global and is never reused.
 */
#include "net/tls.h"

#include "base/arena.h"
#include "net/tls_client.h"
#include "net/tls_engine.h"
#include "net/tls_failure.h"
#include "net/tls_handshake.h"
#include "net/tls_trust.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { NAME_BYTES = 16, NAME_SIZE = 2 * NAME_BYTES + 1 };

struct trust_set {
	struct arena *arena;
	struct tls_trust *trust;
	char name[NAME_SIZE];
};

struct tls_session {
	struct arena *arena;
	CURL *easy;
	struct tls_handshake handshake;
	bool established; /* the transfer that failed had a connection already */
	char *sentence;   /* TLS_FAILURE_SIZE bytes for tls_session_failure() */
};

static bool make_name(char name[NAME_SIZE])
{
	unsigned char number[NAME_BYTES];
	/* Up to 256 bytes come whole and uninterrupted once the pool is ready. */
	if (getrandom(number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return false;
	for (size_t i = 0; i < sizeof(number); i++)
		snprintf(name + 2 * i, 3, "%02x", number[i]);
	return true;
}

struct trust_set *tls_set_new(const char *path)
{
	struct arena *arena = arena_new();
	struct trust_set *tls = arena ? arena_new_of(arena, struct trust_set) : NULL;
	if (tls && make_name(tls->name)) {
		tls->arena = arena;
		tls->trust = tls_trust_new(arena, path);
		if (tls->trust)
			return tls;
	}
	arena_free(&arena);
	return NULL;
}

void tls_set_free(struct trust_set **tls)
{
	if (!*tls)
		return;
	struct arena *arena = (*tls)->arena;
	tls_trust_finish((*tls)->trust);
	*tls = NULL;
	arena_free(&arena);
}

/* The bytes of an IP literal, with or without brackets; empty for a name. */
static struct str address_of(struct arena *arena, struct str host)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];
	if (str_starts(host, "[") && str_ends(host, "]"))
		host = (struct str){host.at + 1, host.len - 2};
	host = str_head(host, str_find(host, '%'));
	if (host.len >= sizeof(text))
		return STR("");
	snprintf(text, sizeof(text), "%.*s", STR_ARGS(host));
	size_t len = inet_pton(AF_INET, text, bytes) == 1    ? sizeof(struct in_addr)
		     : inet_pton(AF_INET6, text, bytes) == 1 ? sizeof(struct in6_addr)
							     : 0;
	return (struct str){arena_copy(arena, (const char *)bytes, len), len};
}

static struct tls_session *make_session(struct trust_set *tls, struct str host, bool insecure)
{
	struct arena *arena = arena_new();
	struct tls_session *session = arena ? arena_new_of(arena, struct tls_session) : NULL;
	if (str_ends(host, "."))
		host.len--;
	const char *name = session ? arena_copy(arena, host.at, host.len) : NULL;
	struct str address = name ? address_of(arena, host) : (struct str){0};
	char *sentence = address.at ? arena_alloc(arena, TLS_FAILURE_SIZE) : NULL;
	if (!sentence) {
		arena_free(&arena);
		return NULL;
	}
	session->arena = arena;
	session->sentence = sentence;
	tls_handshake_init(&session->handshake, tls->trust, name, address, insecure);
	return session;
}

bool tls_session_new(struct trust_set *tls, CURL *easy, struct str host, bool insecure,
		     struct tls_session **out, struct error *err)
{
	struct tls_anchors anchors;
	*out = NULL;
	if (!insecure && !tls_trust_get(tls->trust, &anchors, err))
		return false;
	scoped(tls_session_free) struct tls_session *session = make_session(tls, host, insecure);
	if (!session)
		return error_memory(err);
	session->easy = easy;
	CURLcode code = tls_engine_fits(easy) ? tls_engine_attach(easy, session->arena,
								  &session->handshake, tls->name)
					      : CURLE_NOT_BUILT_IN;
	if (code == CURLE_OUT_OF_MEMORY)
		return error_memory(err);
	if (code)
		return error_set(
			err, ERROR_UNSUPPORTED,
			"this libcurl cannot be used for https (%s): it must be built with %s",
			curl_easy_strerror(code), tls_engine.name);
	*out = session;
	session = NULL;
	return true;
}

/* libcurl compares these names when it looks for a session to resume. */
bool tls_session_identify(CURL *easy, const struct tls_client *client, struct error *err)
{
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key);
	return !code || error_memory(err);
}

void tls_session_free(struct tls_session **session)
{
	if (!*session)
		return;
	struct arena *arena = (*session)->arena;
	tls_handshake_finish(&(*session)->handshake);
	*session = NULL;
	arena_free(&arena);
}

void tls_session_note(struct tls_session *session, const char *curl_text)
{
	curl_off_t ready = 0;
	curl_easy_getinfo(session->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	session->established = ready > 0;
	/* The verdict is an older one: this transfer did not get as far as a chain. */
	if (!tls_engine_note(&session->handshake, curl_text))
		session->handshake.verdict.fault = TLS_FAULT_NONE;
}

const char *tls_session_failure(const struct tls_session *session)
{
	const struct tls_handshake *handshake = &session->handshake;
	const struct tls_failure failure = {
		.fault = handshake->verdict.fault,
		.authority = handshake->verdict.authority,
		.reason = handshake->reason,
		.accepted = handshake->accepted,
		.established = session->established,
		.asked = handshake->asked,
		.peer = handshake->peer,
	};
	return tls_failure_explain(&failure, session->sentence) ? session->sentence : NULL;
}

bool tls_session_not_tls(const struct tls_session *session)
{
	return session->handshake.reason == TLS_REASON_NOT_TLS;
}

void tls_session_keep_chain(struct tls_session *session)
{
	/* Without memory nothing is kept. */
	session->handshake.kept = arena_new_of(session->arena, struct tls_chain);
}

const struct tls_chain *tls_session_chain(const struct tls_session *session)
{
	const struct tls_chain *kept = session->handshake.kept;
	return kept && kept->count ? kept : NULL;
}

const char *tls_session_version(const struct tls_session *session)
{
	return session->handshake.version;
}

const char *tls_session_suite(const struct tls_session *session)
{
	return session->handshake.suite;
}
