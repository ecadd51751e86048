/*
 * Checking ECDSA signatures on P-256 (FIPS 186-4, SEC 1 section 4.1.4), by the arithmetic of the
 * engine that is built in. Pure.
 *
 * A signature is the DER of two integers from 1 to the curve's order minus 1, in no other encoding.
 * The hash must have been computed here, from bytes that were read: an attacker who can choose the
 * hash can make a signature for it without any key.
 */
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
