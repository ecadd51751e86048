/* Public keys of certificates (RFC 5280 section 4.1.2.7, RFC 4055, RFC 5480, RFC 8410). Pure. */
#pragma once

#include "base/str.h"
#include "net/tls_fault.h"

#include <stddef.h>

enum tls_key_kind {
	TLS_KEY_NONE, /* unknown, or not to be used */
	TLS_KEY_RSA,
	TLS_KEY_RSA_PSS, /* RSA for PSS signatures alone */
	TLS_KEY_P256,
	TLS_KEY_P384,
	TLS_KEY_P521,
	TLS_KEY_ED25519,
};

/* Slices of a certificate. */
struct tls_key {
	enum tls_key_kind kind;
	struct str info;              /* the SubjectPublicKeyInfo, with its tag and length */
	struct str modulus, exponent; /* of RSA, without leading zeros */
	struct str limits;            /* on signatures by RSA_PSS (tls_pss.h); empty: none */
	struct str point;             /* of the others; uncompressed on a curve */
};

/* True for a key on one of NIST's curves. */
bool tls_key_on_curve(const struct tls_key *key);
/*
 * Reads a SubjectPublicKeyInfo, with its tag and length; *out points into it. With
 * TLS_FAULT_KEY_WEAK the key can still be used; with any other fault out->kind is TLS_KEY_NONE.
 * Which kinds and sizes are good depends on the engine (tls_engine.h).
 */
enum tls_fault tls_key_read(struct str info, struct tls_key *out);
