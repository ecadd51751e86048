/*
 * The handshakes of one easy handle, as an engine reports them: it collects the chain that a server
 * sends, and has tls_path_check() judge it against our anchors. Afterwards it can be asked what
 * came of the last one.
 */
#pragma once

#include "base/buf.h"
#include "net/tls_chain.h"
#include "net/tls_path.h"
#include "net/tls_reason.h"
#include "net/tls_trust.h"

enum { TLS_HANDSHAKE_NAME_SIZE = 256 };

struct tls_handshake {
	struct tls_trust *trust;
	const char *host;       /* expected, without a final dot; in the arena of the session */
	struct str address;     /* the same as bytes, when host is an IP literal */
	bool insecure;          /* host's certificate is not checked */
	struct tls_chain *kept; /* gets the chain of each handshake; NULL: it is not kept */

	/* The handshake under way, or the last one. */
	const char *name;               /* valid while the chain comes; NULL for an address */
	struct buf chain;               /* the certificates in DER, one behind the other */
	size_t ends[TLS_PATH_SENT_MAX]; /* where each certificate ends in chain */
	size_t count;                   /* certificates that are complete */
	bool unchecked;                 /* insecure, and the server is host, not a proxy */
	/* the chain was accepted, so a later failure has another reason */
	bool accepted;
	bool asked;                      /* the server asked for our certificate */
	struct tls_path_verdict verdict; /* the verdict on the chain */
	int reason;                      /* any other reason why it failed (tls_reason.h) */
	const char *version;             /* "1.2"; NULL until known */
	const char *suite;               /* OpenSSL's name of it; NULL until known */
	/* the server that was to identify itself: host or a proxy */
	char peer[TLS_HANDSHAKE_NAME_SIZE];
	void *engine; /* the engine's own */
};

/* Prepares *handshake, which is zeroed. The strings and trust must outlive it. */
void tls_handshake_init(struct tls_handshake *handshake, struct tls_trust *trust, const char *host,
			struct str address, bool insecure);
void tls_handshake_finish(struct tls_handshake *handshake);

/* --- for engines ---------------------------------------------------------------------------- */

/* Another one begins: what is known of the last one is forgotten. */
void tls_handshake_begin(struct tls_handshake *handshake);
/*
 * A chain begins to come, of the server called name, which must stay until it is judged. NULL or
 * "": it has none, but an address.
 */
void tls_handshake_chain(struct tls_handshake *handshake, const char *name);
/* The next certificate of the chain begins, more bytes of it are here, it is complete. */
void tls_handshake_certificate(struct tls_handshake *handshake);
void tls_handshake_bytes(struct tls_handshake *handshake, const void *bytes, size_t len);
void tls_handshake_certificate_end(struct tls_handshake *handshake);
/*
 * The chain is complete: *server gets its first certificate, which is valid until
 * tls_handshake_forget(). The verdict; with TLS_FAULT_NONE the server may prove that it has the
 * certificate's key.
 */
enum tls_fault tls_handshake_judge(struct tls_handshake *handshake, struct tls_certificate *server);
/* Frees the bytes of the chain; the verdict stays. */
void tls_handshake_forget(struct tls_handshake *handshake);
