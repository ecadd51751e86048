/*
 * libcurl's OpenSSL backend makes a context for each connection and lets us have it before the
 * handshake (CURLOPT_SSL_CTX_FUNCTION). All TLS settings are made there: versions, suites, groups,
 * signature algorithms. OpenSSL checks no chain: it hands the certificates over
 * (SSL_CTX_set_cert_verify_callback()), as BearSSL does, and our verdict is its own.
 *
 * Neither libcurl's connection pool nor its session cache knows about that function: a session made
 * under one trust set would be resumed under another, without a look at any certificate. Both do
 * compare the list of cipher suites, and OpenSSL passes over names in it that it does not know, so
 * the name of the trust set goes there.
 */
#include "net/tls_engine.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define SUITES "ECDHE+AESGCM:ECDHE+CHACHA20"

enum { SUITES_SIZE = 128, CHAIN_MAX = 512 * 1024, FATAL = 2 };

const struct tls_engine tls_engine = {
	.name = "OpenSSL",
	.rsa_bits_max = 8192,
	.key_large = "has an RSA key above 8192 bits",
	.modern = true,
	.key_kinds = "RSA, RSA-PSS, Ed25519 and the curves P-256, P-384 and P-521 are supported",
	.key_sizes = "RSA keys may have 2048 to 8192 bits",
	.signatures = "RSA and ECDSA with SHA-2, RSA-PSS and Ed25519 are supported; SHA-1 and MD5 "
		      "are not",
};

/* What libcurl says, in the words of OpenSSL. */
static const struct {
	const char *words;
	enum tls_reason reason;
} reasons[] = {
	{"wrong version number", TLS_REASON_NOT_TLS},
	{"unsupported protocol", TLS_REASON_NOT_TLS},
	{"packet length too long", TLS_REASON_NOT_TLS},
	{"http request", TLS_REASON_NOT_TLS},
	{"unexpected message", TLS_REASON_NOT_TLS},
	{"wrong cipher returned", TLS_REASON_SUITE},
	{"unknown cipher returned", TLS_REASON_SUITE},
	{"wrong signature type", TLS_REASON_ALGORITHM},
	{"wrong curve", TLS_REASON_ALGORITHM},
	{"bad key share", TLS_REASON_ALGORITHM},
	{"unsafe legacy renegotiation disabled", TLS_REASON_RENEGOTIATION},
	{"renegotiation", TLS_REASON_RENEGOTIATION},
	{"wrong certificate type", TLS_REASON_KEY_USAGE},
	{"inconsistent extms", TLS_REASON_EXTENDED_SECRET},
	{"error:0A", TLS_REASON_OTHER}, /* any other of libssl's */
};

/* Chains that OpenSSL cannot read, so that they are never handed over. */
static const struct {
	const char *words;
	enum tls_fault fault;
} unread[] = {
	{"asn1 encoding routines", TLS_FAULT_MALFORMED},
	{"cert length mismatch", TLS_FAULT_MALFORMED},
	{"excessive message size", TLS_FAULT_TOO_LARGE},
};

/* The handshakes of one easy handle. */
struct openssl_verify {
	struct tls_handshake *handshake;
	int alert; /* the last fatal one that the server sent; 0: none */
};

static void note_session(struct tls_handshake *handshake, const SSL *ssl)
{
	int version = SSL_version(ssl);
	handshake->version = version == TLS1_3_VERSION   ? "1.3"
			     : version == TLS1_2_VERSION ? "1.2"
							 : NULL;
	handshake->suite = SSL_get_current_cipher(ssl) ? SSL_get_cipher_name(ssl) : NULL;
}

static struct openssl_verify *verify_of(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* Notes alerts, and what was agreed on; a resumed session brings no chain. */
static void watch(const SSL *ssl, int where, int what)
{
	struct openssl_verify *verify = verify_of(ssl);
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && what >> 8 == FATAL)
		verify->alert = what & 0xff;
	if (where & SSL_CB_HANDSHAKE_DONE)
		note_session(verify->handshake, ssl);
}

static void add_certificate(struct tls_handshake *handshake, const X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	tls_handshake_certificate(handshake);
	if (len > 0)
		tls_handshake_bytes(handshake, der, (size_t)len);
	tls_handshake_certificate_end(handshake);
	OPENSSL_free(der);
}

/* Called by OpenSSL in the place of its own check of the chain. 1: the server is accepted. */
static int judge(X509_STORE_CTX *store, void *ctx)
{
	struct openssl_verify *verify = ctx;
	struct tls_handshake *handshake = verify->handshake;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
	struct tls_certificate server;
	note_session(handshake, ssl);
	tls_handshake_chain(handshake, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	for (int i = 0; i < sk_X509_num(sent); i++)
		add_certificate(handshake, sk_X509_value(sent, i));
	bool good = !tls_handshake_judge(handshake, &server);
	tls_handshake_forget(handshake);
	X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
	return good;
}

/* Called when the server asks for our certificate. */
static int note_question(SSL *ssl, void *ctx)
{
	(void)ssl;
	((struct openssl_verify *)ctx)->handshake->asked = true;
	return 1;
}

/* Called by libcurl for every connection, after it has set up the context. */
static CURLcode set_up_client(CURL *easy, void *context, void *ctx)
{
	SSL_CTX *client = context;
	struct openssl_verify *verify = ctx;
	(void)easy;
	tls_handshake_begin(verify->handshake);
	verify->alert = 0;
	SSL_CTX_set_options(client, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_clear_options(client, SSL_OP_NO_TICKET | SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_max_cert_list(client, CHAIN_MAX);
	SSL_CTX_set_app_data(client, verify);
	SSL_CTX_set_info_callback(client, watch);
	SSL_CTX_set_cert_verify_callback(client, judge, verify);
	SSL_CTX_set_cert_cb(client, note_question, verify);
	SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
	bool good = SSL_CTX_set_min_proto_version(client, TLS1_2_VERSION) &&
		    SSL_CTX_set_max_proto_version(client, TLS1_3_VERSION) &&
		    SSL_CTX_set_ciphersuites(client, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_"
						     "SHA384:TLS_CHACHA20_POLY1305_SHA256") &&
		    SSL_CTX_set1_groups_list(client, "*X25519MLKEM768:*X25519:P-256:P-384:P-521") &&
		    SSL_CTX_set1_sigalgs_list(
			    client, "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
				    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
				    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
				    "RSA+SHA256:RSA+SHA384:RSA+SHA512");
	return good ? CURLE_OK : CURLE_FAILED_INIT;
}

/* With another backend the context would be of another type. */
bool tls_engine_fits(CURL *easy)
{
	struct curl_tlssessioninfo *info = NULL;
	return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	       info->backend == CURLSSLBACKEND_OPENSSL;
}

/*
 * Sets the options in a chain; the first failure is returned. libcurl would compare names once
 * more, and by its own rules.
 */
static CURLcode set_options(CURL *easy, struct openssl_verify *verify, const char *trust)
{
	bool insecure = verify->handshake->insecure;
	char suites[SUITES_SIZE], proxy_suites[SUITES_SIZE];
	snprintf(suites, sizeof(suites), SUITES ":trust-%.64s", trust);
	/* A proxy of the same name would go unchecked, so its sessions have a tag of their own. */
	snprintf(proxy_suites, sizeof(proxy_suites), SUITES ":trust-%.64s%s", trust,
		 insecure ? "-insecure" : "");
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST, suites);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_SSL_CIPHER_LIST, proxy_suites);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_up_client);
	return code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, verify);
}

CURLcode tls_engine_attach(CURL *easy, struct arena *arena, struct tls_handshake *handshake,
			   const char *trust)
{
	struct openssl_verify *verify = arena_new_of(arena, struct openssl_verify);
	if (!verify)
		return CURLE_OUT_OF_MEMORY;
	verify->handshake = handshake;
	handshake->engine = verify;
	return set_options(easy, verify, trust);
}

bool tls_engine_note(struct tls_handshake *handshake, const char *curl_text)
{
	const struct openssl_verify *verify = handshake->engine;
	handshake->reason = TLS_REASON_NONE;
	for (size_t i = 0; i < array_count(reasons) && !handshake->reason; i++)
		if (strstr(curl_text, reasons[i].words))
			handshake->reason = reasons[i].reason;
	if (verify && verify->alert)
		handshake->reason = TLS_REASON_ALERT + verify->alert;
	for (size_t i = 0; i < array_count(unread) && !handshake->accepted; i++) {
		if (!strstr(curl_text, unread[i].words))
			continue;
		handshake->verdict = (struct tls_path_verdict){.fault = unread[i].fault};
		return true;
	}
	return strstr(curl_text, "certificate verify failed") ||
	       strstr(curl_text, "SSL certificate problem");
}
