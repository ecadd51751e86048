/*
 * What an engine does for tls.c: it keeps records on the wire and computes signatures. Everything
 * else about certificates is decided here, once for all engines: a chain is judged by
 * tls_path_check(), whoever brought it (tls_handshake.h).
 *
 * There are two, of which a program is built with one: bearssl/ and openssl/. Nothing outside of
 * these folders knows which.
 */
#pragma once

#include "base/arena.h"
#include "net/tls_certificate.h"
#include "net/tls_handshake.h"

#include <curl/curl.h>

extern const struct tls_engine {
	const char *name; /* as "image-syncer --version" and the remedies have it: "BearSSL" */
	unsigned rsa_bits_max;
	bool modern;           /* it knows TLS 1.3, Ed25519, and RSA-PSS in handshakes */
	const char *key_large; /* the predicate of TLS_FAULT_KEY_LARGE */
	/* What to do about a certificate that it cannot use; advice for faults. */
	const char *key_kinds, *key_sizes, *signatures;
} tls_engine;

/* True when this libcurl is the engine's. */
bool tls_engine_fits(CURL *easy);
/*
 * Prepares easy so that each of its handshakes is reported to *handshake, which decides about the
 * server's chain; trust is a text that no other trust set has, so that no session made under one
 * set of anchors is resumed under another. All must stay as long as easy, and so must arena, in
 * which the engine keeps what it needs.
 */
CURLcode tls_engine_attach(CURL *easy, struct arena *arena, struct tls_handshake *handshake,
			   const char *trust);
/*
 * Takes what libcurl wrote to CURLOPT_ERRORBUFFER about a failed transfer, "" if nothing, into
 * handshake->reason. False: the text is not about the server's chain.
 */
bool tls_engine_note(struct tls_handshake *handshake, const char *curl_text);
/* TLS_FAULT_NONE when a signature of this kind and length can be checked at all. */
enum tls_fault tls_engine_signature_kind(const struct tls_certificate *certificate);
/* TLS_FAULT_NONE when certificate was signed with key, else the fault. */
enum tls_fault tls_engine_signature_check(const struct tls_certificate *certificate,
					  const struct tls_key *key);
