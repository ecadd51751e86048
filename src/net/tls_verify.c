/*
 * Three facts about BearSSL shape this file. Its certificate decoder writes out of bounds when it
 * is fed after an error, so it gets the leaf in one push, after the last byte has come. Its minimal
 * engine checks no name at all when it is given none, so a chain without anything to compare with
 * is refused. And the same engine serves the handshake with an https proxy: nothing but the name
 * tells the two apart, so a certificate goes unchecked only when that is host's name (or there is
 * none: libcurl refuses https proxies that are given by address).
 */
#include "net/tls_verify.h"

#include "net/ecdsa.h"
#include "net/tls_leaf.h"

#include <stdint.h>

enum { LEAF_LIMIT = 256 * 1024, RSA_BYTES_MIN = 2048 / 8 };

static struct tls_verify *verify_of(const br_x509_class **ctx)
{
	return (struct tls_verify *)(void *)ctx;
}

/* The minimal engine over our anchors, with the arithmetic the TLS engine uses. */
static void minimal_start(struct tls_verify *verify, const char *name)
{
	static const br_hash_class *const hashes[] = {
		[br_sha224_ID] = &br_sha224_vtable,
		[br_sha256_ID] = &br_sha256_vtable,
		[br_sha384_ID] = &br_sha384_vtable,
		[br_sha512_ID] = &br_sha512_vtable,
	};
	br_x509_minimal_context *minimal = &verify->minimal;
	struct tls_anchors anchors = {0};
	struct error err;
	/* Loaded before but for the proxy of an insecure host; without anchors nothing passes. */
	tls_trust_get(verify->trust, &anchors, &err);
	br_x509_minimal_init(minimal, &br_sha256_vtable, anchors.at, anchors.count);
	br_x509_minimal_set_rsa(minimal, verify->engine->irsavrfy);
	br_x509_minimal_set_ecdsa(minimal, verify->engine->iec, verify->engine->iecdsa);
	for (int id = br_sha224_ID; id <= br_sha512_ID; id++)
		br_x509_minimal_set_hash(minimal, id, hashes[id]);
	br_x509_minimal_set_minrsa(minimal, RSA_BYTES_MIN);
	minimal->vtable->start_chain(&minimal->vtable, name);
}

static void start_chain(const br_x509_class **ctx, const char *name)
{
	struct tls_verify *verify = verify_of(ctx);
	if (name && !*name)
		name = NULL;
	bool host = name ? str_equal_nocase(str_of(name), str_of(verify->host))
			 : verify->address.len || verify->insecure;
	snprintf(verify->peer, sizeof(verify->peer), "%s", name ? name : verify->host);
	verify->certificate = 0;
	verify->accepted = false;
	verify->unchecked = verify->insecure && host;
	verify->code = name || host ? 0 : BR_ERR_X509_BAD_SERVER_NAME;
	buf_reset(&verify->leaf);
	if (!verify->unchecked)
		minimal_start(verify, name);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct tls_verify *verify = verify_of(ctx);
	if (!verify->unchecked && !verify->code)
		verify->minimal.vtable->start_cert(&verify->minimal.vtable, length);
}

static void append(const br_x509_class **ctx, const unsigned char *bytes, size_t len)
{
	struct tls_verify *verify = verify_of(ctx);
	if (verify->code)
		return;
	if (verify->certificate == 0)
		buf_add(&verify->leaf, bytes, len);
	if (!verify->unchecked)
		verify->minimal.vtable->append(&verify->minimal.vtable, bytes, len);
}

static void end_cert(const br_x509_class **ctx)
{
	struct tls_verify *verify = verify_of(ctx);
	if (!verify->unchecked && !verify->code)
		verify->minimal.vtable->end_cert(&verify->minimal.vtable);
	if (verify->certificate < SIZE_MAX)
		verify->certificate++;
}

/* The key of a certificate nobody checks. */
static int decode_leaf(struct tls_verify *verify)
{
	struct str der = buf_str(&verify->leaf);
	if (!der.len)
		return BR_ERR_X509_EMPTY_CHAIN;
	br_x509_decoder_init(&verify->decoder, NULL, NULL);
	br_x509_decoder_push(&verify->decoder, der.at, der.len);
	return br_x509_decoder_last_error(&verify->decoder);
}

static int check_leaf(const struct tls_verify *verify, const char *name)
{
	static const int codes[] = {
		[TLS_LEAF_OK] = 0,
		[TLS_LEAF_MALFORMED] = BR_ERR_X509_UNEXPECTED,
		[TLS_LEAF_NOT_SERVER] = BR_ERR_X509_FORBIDDEN_KEY_USAGE,
		[TLS_LEAF_NO_NAMES] = BR_ERR_X509_BAD_SERVER_NAME,
		[TLS_LEAF_NOT_ADDRESS] = BR_ERR_X509_BAD_SERVER_NAME,
	};
	struct str address = name ? (struct str){0} : verify->address;
	return codes[tls_leaf_check(buf_str(&verify->leaf), address)];
}

static int verdict(struct tls_verify *verify)
{
	if (verify->code)
		return verify->code;
	if (!buf_ok(&verify->leaf))
		return BR_ERR_X509_LIMIT_EXCEEDED;
	if (verify->unchecked)
		return decode_leaf(verify);
	unsigned failure = verify->minimal.vtable->end_chain(&verify->minimal.vtable);
	return failure ? (int)failure : check_leaf(verify, verify->minimal.server_name);
}

static unsigned end_chain(const br_x509_class **ctx)
{
	struct tls_verify *verify = verify_of(ctx);
	br_ssl_session_parameters session;
	br_ssl_engine_get_session_parameters(verify->engine, &session);
	verify->suite = session.cipher_suite;
	verify->code = verdict(verify);
	verify->accepted = !verify->code;
	buf_finish(&verify->leaf);
	return (unsigned)verify->code;
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct tls_verify *verify = (const struct tls_verify *)(const void *)ctx;
	if (!verify->accepted)
		return NULL;
	if (!verify->unchecked)
		return verify->minimal.vtable->get_pkey(&verify->minimal.vtable, usages);
	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return &verify->decoder.pkey;
}

static const br_x509_class engine_class = {
	.context_size = sizeof(struct tls_verify),
	.start_chain = start_chain,
	.start_cert = start_cert,
	.append = append,
	.end_cert = end_cert,
	.end_chain = end_chain,
	.get_pkey = get_pkey,
};

void tls_verify_init(struct tls_verify *verify, struct tls_trust *trust, const char *host,
		     struct str address, bool insecure)
{
	verify->vtable = &engine_class;
	verify->trust = trust;
	verify->host = host;
	verify->address = address;
	verify->insecure = insecure;
	verify->leaf = buf_limit(LEAF_LIMIT);
}

void tls_verify_finish(struct tls_verify *verify)
{
	buf_finish(&verify->leaf);
}

void tls_verify_attach(struct tls_verify *verify, br_ssl_client_context *client)
{
	br_ssl_session_parameters session;
	verify->engine = &client->eng;
	verify->accepted = false;
	verify->code = 0;
	snprintf(verify->peer, sizeof(verify->peer), "%s", verify->host);
	/* When a session is resumed there is no chain to tell the suite at. */
	br_ssl_engine_get_session_parameters(&client->eng, &session);
	verify->suite = session.cipher_suite;
	br_ssl_engine_set_x509(&client->eng, &verify->vtable);
	br_ssl_engine_set_ecdsa(&client->eng, ecdsa_check);
}
