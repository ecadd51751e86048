/*
 * The X.509 engine of one easy handle: collects the chain that a server sends, and has
 * tls_path_check() judge it against our anchors.
 *
 * BearSSL calls it through its first member while a handshake runs; afterwards the verdict can be
 * asked for. It must stay until the last connection that was made with it is gone.
 */
#pragma once

#include "base/buf.h"
#include "net/tls_chain.h"
#include "net/tls_key.h"
#include "net/tls_path.h"
#include "net/tls_trust.h"

#include <bearssl.h>

enum { TLS_VERIFY_NAME_SIZE = 256 };

struct tls_verify {
	/* must come first: BearSSL's pointer to it points to the struct */
	const br_x509_class *vtable;
	struct tls_trust *trust;
	const char *host;       /* expected, without a final dot; in the arena of the session */
	struct str address;     /* the same as bytes, when host is an IP literal */
	bool insecure;          /* host's certificate is not checked */
	struct tls_chain *kept; /* gets the chain of each handshake; NULL: it is not kept */

	/* The handshake under way, or the last one. */
	const br_ssl_engine_context *engine; /* valid in callbacks only */
	const char *name;                    /* valid in callbacks only; NULL for an address */
	struct buf chain;                    /* the certificates in DER, one behind the other */
	size_t ends[TLS_PATH_SENT_MAX];      /* where each certificate ends in chain */
	size_t count;                        /* certificates that are complete */
	bool unchecked;                      /* insecure, and the server is host, not a proxy */
	/* the chain was accepted, so a later failure has another reason */
	bool accepted;
	struct tls_path_verdict verdict; /* the verdict on the chain */
	int code;                        /* BearSSL's error for any other reason */
	br_x509_pkey key;                /* the key of an accepted certificate */
	unsigned char key_bytes[TLS_KEY_SIZE];
	uint16_t suite; /* 0 until known */
	/* the server that was to identify itself: host or a proxy */
	char peer[TLS_VERIFY_NAME_SIZE];
};

/* Prepares *verify, which is zeroed. The strings and trust must outlive it. */
void tls_verify_init(struct tls_verify *verify, struct tls_trust *trust, const char *host,
		     struct str address, bool insecure);
void tls_verify_finish(struct tls_verify *verify);
/* Attaches verify to client, before client's reset; forgets the last handshake. */
void tls_verify_attach(struct tls_verify *verify, br_ssl_client_context *client);
