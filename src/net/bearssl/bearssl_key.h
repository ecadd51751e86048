/* Public keys in BearSSL's own form. Pure. */
#pragma once

#include "net/tls_key.h"

#include <bearssl.h>

/* The longest key: an RSA modulus of 4096 bits and its exponent. */
enum { BEARSSL_KEY_SIZE = 512 + 8 };

/*
 * The key in BearSSL's form; it points where key does. key_type is 0 for a kind it lacks. That a
 * key is for RSA-PSS alone is lost.
 */
br_x509_pkey bearssl_key(const struct tls_key *key);
/* Copies key, and what it points to into bytes, so that it outlives its certificate. */
void bearssl_key_copy(const br_x509_pkey *key, unsigned char bytes[BEARSSL_KEY_SIZE],
		      br_x509_pkey *out);
