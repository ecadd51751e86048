/*
 * libcurl's BearSSL backend prepares a context for each handshake and lets us have it before it
 * starts (CURLOPT_SSL_CTX_FUNCTION). All TLS settings are made there, so that nothing depends on
 * the backend's defaults: versions, suites, hashes, the X.509 engine.
 *
 * Neither libcurl's connection pool nor its session cache knows about that function: a session made
 * under one trust set would be resumed under another, without a look at any certificate. Both do
 * compare CURLOPT_CRLFILE, which the backend never opens, so the name of the trust set goes there.
 *
 * BearSSL calls the X.509 engine while a handshake runs; the server's key is copied, since it still
 * has to verify the key exchange when the chain is gone.
 */
#include "net/bearssl/bearssl_ecdsa.h"
#include "net/bearssl/bearssl_failure.h"
#include "net/bearssl/bearssl_key.h"
#include "net/bearssl/bearssl_suite.h"
#include "net/tls_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SEED_BYTES = 48, TAG_SIZE = 80 };

const struct tls_engine tls_engine = {
	.name = "BearSSL",
	.rsa_bits_max = 4096,
	.key_large = "has an RSA key above 4096 bits",
	.key_kinds = "RSA and the curves P-256, P-384 and P-521 are supported; for RSA-PSS and "
		     "Ed25519 use the image whose tag ends in -openssl, or \"tls: openssl\" in the "
		     "Action",
	.key_sizes = "RSA keys may have 2048 to 4096 bits",
	.signatures = "RSA, RSA-PSS and ECDSA are supported, with SHA-2; SHA-1 and MD5 are not, "
		      "Ed25519 in the image whose tag ends in -openssl",
};

/* What learns that the server asks for our certificate. */
struct bearssl_asked {
	const br_ssl_client_certificate_class *vtable; /* must come first, too */
	struct tls_handshake *handshake;
};

/* The X.509 engine of one easy handle. */
struct bearssl_verify {
	/* must come first: BearSSL's pointer to it points to the struct */
	const br_x509_class *vtable;
	struct tls_handshake *handshake;
	const br_ssl_engine_context *engine; /* valid in callbacks only */
	struct bearssl_asked asked;
	br_x509_pkey key; /* the key of an accepted certificate */
	unsigned char key_bytes[BEARSSL_KEY_SIZE];
};

static struct bearssl_verify *verify_of(const br_x509_class **ctx)
{
	return (struct bearssl_verify *)(void *)ctx;
}

static void note_suite(struct tls_handshake *handshake, const br_ssl_engine_context *engine)
{
	br_ssl_session_parameters session;
	br_ssl_engine_get_session_parameters(engine, &session);
	handshake->suite = bearssl_suite_name(session.cipher_suite);
	handshake->version = handshake->suite ? "1.2" : NULL;
}

static void start_chain(const br_x509_class **ctx, const char *name)
{
	tls_handshake_chain(verify_of(ctx)->handshake, name);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
	(void)length;
	tls_handshake_certificate(verify_of(ctx)->handshake);
}

static void append(const br_x509_class **ctx, const unsigned char *bytes, size_t len)
{
	tls_handshake_bytes(verify_of(ctx)->handshake, bytes, len);
}

static void end_cert(const br_x509_class **ctx)
{
	tls_handshake_certificate_end(verify_of(ctx)->handshake);
}

static unsigned end_chain(const br_x509_class **ctx)
{
	struct bearssl_verify *verify = verify_of(ctx);
	struct tls_certificate server;
	note_suite(verify->handshake, verify->engine);
	enum tls_fault fault = tls_handshake_judge(verify->handshake, &server);
	if (!fault) {
		const br_x509_pkey key = bearssl_key(&server.key);
		bearssl_key_copy(&key, verify->key_bytes, &verify->key);
	}
	tls_handshake_forget(verify->handshake);
	return (unsigned)bearssl_failure_of_fault(fault);
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct bearssl_verify *verify = (const struct bearssl_verify *)(const void *)ctx;
	if (!verify->handshake->accepted)
		return NULL;
	/* All suites use signatures, and the certificate was checked to allow them. */
	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return &verify->key;
}

static const br_x509_class engine_class = {
	.context_size = sizeof(struct bearssl_verify),
	.start_chain = start_chain,
	.start_cert = start_cert,
	.append = append,
	.end_cert = end_cert,
	.end_chain = end_chain,
	.get_pkey = get_pkey,
};

/* --- our certificate ------------------------------------------------------------------------ */

/* Only notes that the server asks: libcurl has no certificate for it. */
static void start_authorities(const br_ssl_client_certificate_class **ctx)
{
	struct bearssl_asked *asked = (struct bearssl_asked *)(void *)ctx;
	asked->handshake->asked = true;
}

static void pass_authority(const br_ssl_client_certificate_class **ctx, size_t len)
{
	(void)ctx;
	(void)len;
}

static void pass_bytes(const br_ssl_client_certificate_class **ctx, const unsigned char *bytes,
		       size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
}

static void pass_end(const br_ssl_client_certificate_class **ctx)
{
	(void)ctx;
}

/* No chain: an empty list is sent. */
static void choose(const br_ssl_client_certificate_class **ctx, const br_ssl_client_context *client,
		   uint32_t kinds, br_ssl_client_certificate *out)
{
	(void)ctx;
	(void)client;
	(void)kinds;
	out->auth_type = 0;
	out->hash_id = 0;
	out->chain = NULL;
	out->chain_len = 0;
}

static const br_ssl_client_certificate_class asked_class = {
	.context_size = sizeof(struct bearssl_asked),
	.start_name_list = start_authorities,
	.start_name = pass_authority,
	.append_name = pass_bytes,
	.end_name = pass_end,
	.end_name_list = pass_end,
	.choose = choose,
};

static CURLcode seed_client(br_ssl_client_context *client)
{
	unsigned char seed[SEED_BYTES];
	/* Up to 256 bytes come whole and uninterrupted once the pool is ready. */
	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return CURLE_FAILED_INIT;
	br_ssl_engine_inject_entropy(&client->eng, seed, sizeof(seed));
	explicit_bzero(seed, sizeof(seed));
	return CURLE_OK;
}

/* Called by libcurl for every handshake, after it has set up the client and before it starts. */
static CURLcode set_up_client(CURL *easy, void *context, void *ctx)
{
	br_ssl_client_context *client = context;
	struct bearssl_verify *verify = ctx;
	(void)easy;
	br_ssl_engine_set_versions(&client->eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_add_flags(&client->eng, BR_OPT_NO_RENEGOTIATION);
	br_ssl_engine_set_hash(&client->eng, br_md5_ID, NULL);
	br_ssl_engine_set_hash(&client->eng, br_sha1_ID, NULL);
	bearssl_suite_offer(client);
	verify->engine = &client->eng;
	tls_handshake_begin(verify->handshake);
	/* A resumed session sends no chain, so the suite is noted here. */
	note_suite(verify->handshake, &client->eng);
	br_ssl_engine_set_x509(&client->eng, &verify->vtable);
	br_ssl_client_set_client_certificate(client, &verify->asked.vtable);
	br_ssl_engine_set_ecdsa(&client->eng, bearssl_ecdsa_check);
	return seed_client(client);
}

/* With another backend the context would be of another type. */
bool tls_engine_fits(CURL *easy)
{
	struct curl_tlssessioninfo *info = NULL;
	return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	       info->backend == CURLSSLBACKEND_BEARSSL;
}

/* Sets the options in a chain; the first failure is returned. */
static CURLcode set_options(CURL *easy, struct bearssl_verify *verify, const char *trust)
{
	const struct tls_handshake *handshake = verify->handshake;
	bool checked = !handshake->insecure;
	/* The backend can only compare names; our engine compares addresses. */
	bool named = checked && !handshake->address.len;
	char tag[TAG_SIZE], proxy_tag[TAG_SIZE];
	snprintf(tag, sizeof(tag), "/trust/%s", trust);
	/* A proxy of the same name would go unchecked, so its sessions have a tag of their own. */
	snprintf(proxy_tag, sizeof(proxy_tag), "/trust/%s%s", trust, checked ? "" : "/insecure");
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, named ? 2L : 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CRLFILE, tag);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_CRLFILE, proxy_tag);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_up_client);
	return code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, verify);
}

CURLcode tls_engine_attach(CURL *easy, struct arena *arena, struct tls_handshake *handshake,
			   const char *trust)
{
	struct bearssl_verify *verify = arena_new_of(arena, struct bearssl_verify);
	if (!verify)
		return CURLE_OUT_OF_MEMORY;
	verify->vtable = &engine_class;
	verify->handshake = handshake;
	verify->asked = (struct bearssl_asked){&asked_class, handshake};
	return set_options(easy, verify, trust);
}

bool tls_engine_note(struct tls_handshake *handshake, const char *curl_text)
{
	handshake->reason = bearssl_failure_reason(bearssl_failure_code(curl_text));
	return bearssl_failure_of_chain(curl_text);
}
