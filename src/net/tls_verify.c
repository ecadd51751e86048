/*
 * The same engine serves the handshake with an https proxy. Only the name tells the two apart, so a
 * certificate goes unchecked only for host's name (or for none: libcurl refuses https proxies given
 * by address). Without a name or an address to compare with, a chain is refused.
 *
 * The chain is a few kilobytes and is freed with the verdict; the server's key is copied, since it
 * still has to verify the key exchange.
 */
#include "net/tls_verify.h"

#include "base/clock.h"
#include "net/ecdsa.h"

enum { CHAIN_LIMIT = 512 * 1024 };

static struct tls_verify *verify_of(const br_x509_class **ctx)
{
	return (struct tls_verify *)(void *)ctx;
}

static void refuse(struct tls_verify *verify, enum tls_fault fault)
{
	if (!verify->verdict.fault)
		verify->verdict.fault = fault;
}

static void start_chain(const br_x509_class **ctx, const char *name)
{
	struct tls_verify *verify = verify_of(ctx);
	if (name && !*name)
		name = NULL;
	bool host = name ? str_equal_nocase(str_of(name), str_of(verify->host))
			 : verify->address.len || verify->insecure;
	snprintf(verify->peer, sizeof(verify->peer), "%s", name ? name : verify->host);
	verify->name = name;
	verify->count = 0;
	if (verify->kept)
		*verify->kept = (struct tls_chain){.count = 0};
	verify->accepted = false;
	verify->unchecked = verify->insecure && host;
	verify->verdict = (struct tls_path_verdict){0};
	if (!name && !host)
		refuse(verify, TLS_FAULT_SERVER_NAME);
	buf_reset(&verify->chain);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct tls_verify *verify = verify_of(ctx);
	(void)length;
	if (verify->count == TLS_PATH_SENT_MAX)
		refuse(verify, TLS_FAULT_TOO_LARGE);
}

static void append(const br_x509_class **ctx, const unsigned char *bytes, size_t len)
{
	struct tls_verify *verify = verify_of(ctx);
	if (!verify->verdict.fault)
		buf_add(&verify->chain, bytes, len);
}

static void end_cert(const br_x509_class **ctx)
{
	struct tls_verify *verify = verify_of(ctx);
	if (!buf_ok(&verify->chain))
		refuse(verify, TLS_FAULT_TOO_LARGE);
	if (!verify->verdict.fault)
		verify->ends[verify->count++] = verify->chain.len;
}

static bool read_certificate(const struct tls_verify *verify, size_t i, struct tls_certificate *out)
{
	size_t begin = i ? verify->ends[i - 1] : 0;
	struct str chain = buf_str(&verify->chain);
	return i < verify->count &&
	       tls_certificate_read(str_from(str_head(chain, verify->ends[i]), begin), out);
}

static void check_path(struct tls_verify *verify, struct tls_certificate *server)
{
	struct tls_certificate sent[TLS_PATH_SENT_MAX] = {*server};
	struct tls_anchors anchors = {0};
	struct error err;
	/*
	 * The anchors were loaded before, except for the proxy of an insecure host; without anchors
	 * every chain fails.
	 */
	tls_trust_get(verify->trust, &anchors, &err);
	struct tls_path_query query = {
		.sent = sent,
		.count = 1,
		.anchors = anchors.at,
		.anchor_count = anchors.count,
		.host = str_of(verify->name),
		.address = verify->name ? (struct str){0} : verify->address,
		.now = clock_unix(),
	};
	/* A certificate that cannot be read is ignored; the others may form a chain without it. */
	for (size_t i = 1; i < verify->count; i++)
		query.count += read_certificate(verify, i, &sent[query.count]);
	tls_path_check(&query, &verify->verdict);
}

static void judge(struct tls_verify *verify)
{
	struct tls_certificate server;
	if (verify->verdict.fault)
		return;
	if (!read_certificate(verify, 0, &server)) {
		refuse(verify, TLS_FAULT_MALFORMED);
		return;
	}
	if (!verify->unchecked)
		check_path(verify, &server);
	else if (!server.key.key_type)
		refuse(verify, server.fault);
	if (!verify->verdict.fault)
		tls_key_copy(&server.key, verify->key_bytes, &verify->key);
}

static void keep(struct tls_verify *verify)
{
	struct str chain = buf_str(&verify->chain);
	for (size_t i = 0; verify->kept && i < verify->count; i++) {
		size_t begin = i ? verify->ends[i - 1] : 0;
		tls_chain_add(verify->kept, str_from(str_head(chain, verify->ends[i]), begin));
	}
}

static unsigned end_chain(const br_x509_class **ctx)
{
	struct tls_verify *verify = verify_of(ctx);
	br_ssl_session_parameters session;
	br_ssl_engine_get_session_parameters(verify->engine, &session);
	verify->suite = session.cipher_suite;
	keep(verify);
	judge(verify);
	verify->accepted = !verify->verdict.fault;
	buf_finish(&verify->chain);
	return (unsigned)tls_fault_code(verify->verdict.fault);
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct tls_verify *verify = (const struct tls_verify *)(const void *)ctx;
	if (!verify->accepted)
		return NULL;
	/* All suites use signatures, and the certificate was checked to allow them. */
	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return &verify->key;
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
	verify->chain = buf_limit(CHAIN_LIMIT);
}

void tls_verify_finish(struct tls_verify *verify)
{
	buf_finish(&verify->chain);
}

void tls_verify_attach(struct tls_verify *verify, br_ssl_client_context *client)
{
	br_ssl_session_parameters session;
	verify->engine = &client->eng;
	verify->accepted = false;
	verify->code = 0;
	verify->verdict = (struct tls_path_verdict){0};
	snprintf(verify->peer, sizeof(verify->peer), "%s", verify->host);
	/* A resumed session sends no chain, so the suite is noted here. */
	br_ssl_engine_get_session_parameters(&client->eng, &session);
	verify->suite = session.cipher_suite;
	br_ssl_engine_set_x509(&client->eng, &verify->vtable);
	br_ssl_engine_set_ecdsa(&client->eng, ecdsa_check);
}
