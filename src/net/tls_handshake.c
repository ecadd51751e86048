/*
 * The same handle serves the handshake with an https proxy. Only the name tells the two apart, so a
 * certificate goes unchecked only for host's name (or for none: https proxies given by address are
 * refused, proxy.c). Without a name or an address to compare with, a chain is refused.
 *
 * The chain is a few kilobytes and is freed with the verdict.
 */
#include "net/tls_handshake.h"

#include "base/clock.h"
#include "net/tls_engine.h"

#include <stdio.h>

enum { CHAIN_LIMIT = 512 * 1024 };

static void refuse(struct tls_handshake *handshake, enum tls_fault fault)
{
	if (!handshake->verdict.fault)
		handshake->verdict.fault = fault;
}

void tls_handshake_init(struct tls_handshake *handshake, struct tls_trust *trust, const char *host,
			struct str address, bool insecure)
{
	handshake->trust = trust;
	handshake->host = host;
	handshake->address = address;
	handshake->insecure = insecure;
	handshake->chain = buf_limit(CHAIN_LIMIT);
}

void tls_handshake_finish(struct tls_handshake *handshake)
{
	buf_finish(&handshake->chain);
}

void tls_handshake_begin(struct tls_handshake *handshake)
{
	handshake->accepted = handshake->asked = false;
	handshake->reason = TLS_REASON_NONE;
	handshake->verdict = (struct tls_path_verdict){0};
	handshake->version = handshake->suite = NULL;
	snprintf(handshake->peer, sizeof(handshake->peer), "%s", handshake->host);
}

void tls_handshake_chain(struct tls_handshake *handshake, const char *name)
{
	if (name && !*name)
		name = NULL;
	bool host = name ? str_equal_nocase(str_of(name), str_of(handshake->host))
			 : handshake->address.len || handshake->insecure;
	snprintf(handshake->peer, sizeof(handshake->peer), "%s", name ? name : handshake->host);
	handshake->name = name;
	handshake->count = 0;
	if (handshake->kept)
		*handshake->kept = (struct tls_chain){.count = 0};
	handshake->accepted = false;
	handshake->unchecked = handshake->insecure && host;
	handshake->verdict = (struct tls_path_verdict){0};
	if (!name && !host)
		refuse(handshake, TLS_FAULT_SERVER_NAME);
	buf_reset(&handshake->chain);
}

void tls_handshake_certificate(struct tls_handshake *handshake)
{
	if (handshake->count == TLS_PATH_SENT_MAX)
		refuse(handshake, TLS_FAULT_TOO_LARGE);
}

void tls_handshake_bytes(struct tls_handshake *handshake, const void *bytes, size_t len)
{
	if (!handshake->verdict.fault)
		buf_add(&handshake->chain, bytes, len);
}

void tls_handshake_certificate_end(struct tls_handshake *handshake)
{
	if (!buf_ok(&handshake->chain))
		refuse(handshake, TLS_FAULT_TOO_LARGE);
	if (!handshake->verdict.fault)
		handshake->ends[handshake->count++] = handshake->chain.len;
}

static struct str certificate_at(const struct tls_handshake *handshake, size_t i)
{
	size_t begin = i ? handshake->ends[i - 1] : 0;
	return str_from(str_head(buf_str(&handshake->chain), handshake->ends[i]), begin);
}

static bool read_certificate(const struct tls_handshake *handshake, size_t i,
			     struct tls_certificate *out)
{
	return i < handshake->count && tls_certificate_read(certificate_at(handshake, i), out);
}

static void check_path(struct tls_handshake *handshake, const struct tls_certificate *server)
{
	struct tls_certificate sent[TLS_PATH_SENT_MAX] = {*server};
	struct tls_anchors anchors = {0};
	struct error err;
	/*
	 * The anchors were loaded before, except for the proxy of an insecure host; without anchors
	 * every chain fails.
	 */
	tls_trust_get(handshake->trust, &anchors, &err);
	struct tls_path_query query = {
		.sent = sent,
		.count = 1,
		.anchors = anchors.at,
		.anchor_count = anchors.count,
		.host = str_of(handshake->name),
		.address = handshake->name ? (struct str){0} : handshake->address,
		.now = clock_unix(),
		.memo = tls_trust_memo(handshake->trust),
	};
	/* A certificate that cannot be read is ignored; the others may form a chain without it. */
	for (size_t i = 1; i < handshake->count; i++)
		query.count += read_certificate(handshake, i, &sent[query.count]);
	tls_path_check(&query, &handshake->verdict);
}

/* The server has to sign the handshake, too. */
static bool can_serve(const struct tls_key *key)
{
	return key->kind != TLS_KEY_RSA_PSS || tls_engine.modern;
}

static void judge(struct tls_handshake *handshake, struct tls_certificate *server)
{
	if (handshake->verdict.fault)
		return;
	if (!read_certificate(handshake, 0, server))
		refuse(handshake, TLS_FAULT_MALFORMED);
	else if (!can_serve(&server->key))
		refuse(handshake, TLS_FAULT_KEY_KIND);
	else if (!handshake->unchecked)
		check_path(handshake, server);
	else if (!server->key.kind)
		refuse(handshake, server->fault);
}

enum tls_fault tls_handshake_judge(struct tls_handshake *handshake, struct tls_certificate *server)
{
	for (size_t i = 0; handshake->kept && i < handshake->count; i++)
		tls_chain_add(handshake->kept, certificate_at(handshake, i));
	judge(handshake, server);
	handshake->accepted = !handshake->verdict.fault;
	handshake->name = NULL;
	return handshake->verdict.fault;
}

void tls_handshake_forget(struct tls_handshake *handshake)
{
	buf_finish(&handshake->chain);
}
