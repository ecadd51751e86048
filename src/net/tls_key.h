/* The public key of a certificate (RFC 5280 section 4.1.2.7, RFC 5480). Pure. */
#pragma once

#include "base/str.h"
#include "net/tls_fault.h"

#include <bearssl.h>

/* The longest key: an RSA modulus of 4096 bits and its exponent. */
enum { TLS_KEY_SIZE = 512 + 8 };

/*
 * Reads a SubjectPublicKeyInfo, with its tag and length; *out points into it. With
 * TLS_FAULT_KEY_WEAK the key can still be used; with any other fault out->key_type is 0.
 */
enum tls_fault tls_key_read(struct str info, br_x509_pkey *out);
/* Copies key, and what it points to into bytes, so that it outlives its certificate. */
void tls_key_copy(const br_x509_pkey *key, unsigned char bytes[TLS_KEY_SIZE], br_x509_pkey *out);
