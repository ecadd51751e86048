/*
 * The X.509 engine of one easy handle: what a server sends, kept until it is complete, and judged
 * by tls_path_check() over our anchors.
 *
 * BearSSL calls it through its first member while a handshake runs; afterwards the verdict can be
 * asked for. It must stay until the last connection that was made with it is gone.
 */
#pragma once

#include "base/buf.h"
#include "net/tls_key.h"
#include "net/tls_path.h"
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
	const char *name;                    /* valid in callbacks only; NULL for an address */
	struct buf chain;                    /* the certificates in DER, one behind the other */
	size_t ends[TLS_PATH_SENT_MAX];      /* of each in chain */
	size_t count;                        /* how many were seen in full */
	bool unchecked;                      /* insecure, and it is host: not a proxy */
	bool accepted;                   /* the chain was, so what fails later has other reasons */
	struct tls_path_verdict verdict; /* on the chain */
	int code;                        /* BearSSL's error for all that is not about the chain */
	br_x509_pkey key;                /* of an accepted certificate */
	unsigned char key_bytes[TLS_KEY_SIZE];
	uint16_t suite;                  /* 0 until known */
	char peer[TLS_VERIFY_NAME_SIZE]; /* who was asked to identify itself: host or a proxy */
};

/* Prepares *verify, zeroed before. The strings and trust must outlive it. */
void tls_verify_init(struct tls_verify *verify, struct tls_trust *trust, const char *host,
		     struct str address, bool insecure);
void tls_verify_finish(struct tls_verify *verify);
/* Makes client, before its reset, ask verify; forgets the last handshake. */
void tls_verify_attach(struct tls_verify *verify, br_ssl_client_context *client);
