/* Checking ECDSA signatures on the curve P-256 (FIPS 186-4), by BearSSL. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ECDSA_POINT_SIZE = 65, ECDSA_HASH_SIZE = 32 };

/*
 * True when the ASN.1 signature is one of hash by the owner of the public point (4, X, Y). A point
 * that is not on the curve has no valid signatures.
 */
bool ecdsa_verify(const unsigned char point[ECDSA_POINT_SIZE],
		  const unsigned char hash[ECDSA_HASH_SIZE], const unsigned char *signature,
		  size_t len);
