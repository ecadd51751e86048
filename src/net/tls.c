/*
 * libcurl's BearSSL backend prepares a context for each handshake and lets us have it before it
 * starts (CURLOPT_SSL_CTX_FUNCTION). All TLS settings are made there, so that nothing depends on
 * the backend's defaults: versions, suites, hashes, the X.509 engine.
 *
 * Neither libcurl's connection pool nor its session cache knows about that function: a session made
 * under one trust set would be resumed under another, without a look at any certificate. Both do
 * compare CURLOPT_CRLFILE, which the backend never opens, so each trust set puts a unique name
 * there. The name is random rather than an address or a counter, so it needs no global and is never
 * reused.
 */
#include "net/tls.h"

#include "base/arena.h"
#include "net/tls_chain.h"
#include "net/tls_failure.h"
#include "net/tls_suite.h"
#include "net/tls_trust.h"
#include "net/tls_verify.h"

#include <arpa/inet.h>
#include <sys/random.h>

enum { TAG_BYTES = 16, TAG_SIZE = 64, SEED_BYTES = 48 };

struct tls {
	struct arena *arena;
	struct tls_trust *trust;
	char tag[TAG_SIZE];
};

struct tls_session {
	struct arena *arena;
	struct tls_verify verify;
	bool insecure;
	char *sentence; /* TLS_FAILURE_SIZE bytes for tls_session_failure() */
};

static bool fill_random(void *bytes, size_t len)
{
	/* Up to 256 bytes come whole and uninterrupted once the pool is ready. */
	return getrandom(bytes, len, 0) == (ssize_t)len;
}

static bool make_tag(char tag[TAG_SIZE])
{
	unsigned char number[TAG_BYTES];
	if (!fill_random(number, sizeof(number)))
		return false;
	int used = snprintf(tag, TAG_SIZE, "/trust/");
	for (size_t i = 0; i < sizeof(number); i++)
		used += snprintf(tag + used, TAG_SIZE - (size_t)used, "%02x", number[i]);
	return true;
}

struct tls *tls_new(const char *path)
{
	struct arena *arena = arena_new();
	struct tls *tls = arena ? arena_new_of(arena, struct tls) : NULL;
	if (tls && make_tag(tls->tag)) {
		tls->arena = arena;
		tls->trust = tls_trust_new(arena, path);
		if (tls->trust)
			return tls;
	}
	arena_free(&arena);
	return NULL;
}

void tls_free(struct tls **tls)
{
	if (!*tls)
		return;
	struct arena *arena = (*tls)->arena;
	tls_trust_finish((*tls)->trust);
	*tls = NULL;
	arena_free(&arena);
}

/* Called by libcurl for every handshake, after it has set up the client and before it starts. */
static CURLcode set_up_client(CURL *easy, void *context, void *ctx)
{
	br_ssl_client_context *client = context;
	struct tls_session *session = ctx;
	unsigned char seed[SEED_BYTES];
	(void)easy;
	if (!fill_random(seed, sizeof(seed)))
		return CURLE_FAILED_INIT;
	br_ssl_engine_set_versions(&client->eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_add_flags(&client->eng, BR_OPT_NO_RENEGOTIATION);
	br_ssl_engine_set_hash(&client->eng, br_md5_ID, NULL);
	br_ssl_engine_set_hash(&client->eng, br_sha1_ID, NULL);
	tls_suite_offer(client);
	br_ssl_engine_inject_entropy(&client->eng, seed, sizeof(seed));
	explicit_bzero(seed, sizeof(seed));
	tls_verify_attach(&session->verify, client);
	return CURLE_OK;
}

/* With another backend the context would be of another type. */
static bool has_bearssl(CURL *easy)
{
	struct curl_tlssessioninfo *info = NULL;
	return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	       info->backend == CURLSSLBACKEND_BEARSSL;
}

/* Sets the options in a chain; the first failure is returned. */
static CURLcode set_options(CURL *easy, const struct tls *tls, struct tls_session *session)
{
	bool checked = !session->insecure;
	/* The backend can only compare names; our engine compares addresses. */
	bool named = checked && !session->verify.address.len;
	/* A proxy of the same name would go unchecked, so its sessions have a tag of their own. */
	char proxy_tag[TAG_SIZE + sizeof("/insecure")];
	snprintf(proxy_tag, sizeof(proxy_tag), "%s%s", tls->tag, checked ? "" : "/insecure");
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, named ? 2L : 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CRLFILE, tls->tag);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_CRLFILE, proxy_tag);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_up_client);
	return code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, session);
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

static struct tls_session *make_session(struct tls *tls, struct str host, bool insecure)
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
	session->insecure = insecure;
	session->sentence = sentence;
	tls_verify_init(&session->verify, tls->trust, name, address, insecure);
	return session;
}

bool tls_session_new(struct tls *tls, CURL *easy, struct str host, bool insecure,
		     struct tls_session **out, struct error *err)
{
	struct tls_anchors anchors;
	*out = NULL;
	if (!insecure && !tls_trust_get(tls->trust, &anchors, err))
		return false;
	scoped(tls_session_free) struct tls_session *session = make_session(tls, host, insecure);
	if (!session)
		return error_memory(err);
	CURLcode code = has_bearssl(easy) ? set_options(easy, tls, session) : CURLE_NOT_BUILT_IN;
	if (code == CURLE_OUT_OF_MEMORY)
		return error_memory(err);
	if (code)
		return error_set(
			err, ERROR_UNSUPPORTED,
			"this libcurl cannot be used for https (%s): it must be built with "
			"BearSSL",
			curl_easy_strerror(code));
	*out = session;
	session = NULL;
	return true;
}

void tls_session_free(struct tls_session **session)
{
	if (!*session)
		return;
	struct arena *arena = (*session)->arena;
	tls_verify_finish(&(*session)->verify);
	*session = NULL;
	arena_free(&arena);
}

void tls_session_note(struct tls_session *session, const char *curl_text)
{
	session->verify.code = tls_failure_code(curl_text);
	/* The verdict is an older one: this transfer did not get as far as a chain. */
	if (!tls_failure_of_chain(curl_text))
		session->verify.verdict.fault = TLS_FAULT_NONE;
}

const char *tls_session_failure(const struct tls_session *session)
{
	const struct tls_failure failure = {
		.fault = session->verify.verdict.fault,
		.authority = session->verify.verdict.authority,
		.code = session->verify.code,
		.accepted = session->verify.accepted,
		.peer = session->verify.peer,
	};
	return tls_failure_explain(&failure, session->sentence) ? session->sentence : NULL;
}

bool tls_session_not_tls(const struct tls_session *session)
{
	return tls_failure_not_tls(session->verify.code);
}

void tls_session_keep_chain(struct tls_session *session)
{
	/* Without memory nothing is kept. */
	session->verify.kept = arena_new_of(session->arena, struct tls_chain);
}

const struct tls_chain *tls_session_chain(const struct tls_session *session)
{
	const struct tls_chain *kept = session->verify.kept;
	return kept && kept->count ? kept : NULL;
}

const char *tls_session_suite(const struct tls_session *session)
{
	return tls_suite_name(session->verify.suite);
}
