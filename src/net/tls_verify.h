/*
 * The X.509 engine of one easy handle: BearSSL's minimal engine over our anchors, and what it does
 * not check: extended key usage, names by subjectAltName only, addresses.
 *
 * BearSSL calls it through its first member while a handshake runs; afterwards the verdict can be
 * asked for. It must stay until the last connection that was made with it is gone.
 */
#pragma once

#include "base/buf.h"
#include "net/tls_trust.h"

#include <bearssl.h>

enum { TLS_VERIFY_NAME_SIZE = 256 };

struct tls_verify {
	const br_x509_class *vtable; /* first: BearSSL's pointer to this is a pointer to us */
	struct tls_trust *trust;
	const char *host;   /* expected, without a final dot; in the arena of the session */
	struct str address; /* the same as bytes, when host is an IP literal */
	bool insecure;      /* host's certificate is not checked */

	/* The handshake under way, or the last one. */
	const br_ssl_engine_context *engine; /* valid in callbacks only */
	br_x509_minimal_context minimal;
	br_x509_decoder_context decoder;
	struct buf leaf;                 /* the server's own certificate, in DER */
	size_t certificate;              /* how many were seen in full */
	bool unchecked;                  /* insecure, and it is host that answers: not a proxy */
	bool accepted;                   /* the chain was, so what fails later has other reasons */
	int code;                        /* BearSSL's error for the chain, 0 if none */
	uint16_t suite;                  /* 0 until known */
	char peer[TLS_VERIFY_NAME_SIZE]; /* who was asked to identify itself: host or a proxy */
};

/* Prepares *verify, zeroed before. The strings and trust must outlive it. */
void tls_verify_init(struct tls_verify *verify, struct tls_trust *trust, const char *host,
		     struct str address, bool insecure);
void tls_verify_finish(struct tls_verify *verify);
/* Makes client, before its reset, ask verify; forgets the last handshake. */
void tls_verify_attach(struct tls_verify *verify, br_ssl_client_context *client);
