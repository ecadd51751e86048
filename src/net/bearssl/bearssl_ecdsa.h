/* ECDSA signatures as BearSSL's engines ask for them. Pure. */
#pragma once

#include <bearssl.h>

/* Any curve that curves knows; the rest is that of ecdsa_verify() in ecdsa.h. 1 or 0. */
uint32_t bearssl_ecdsa_check(const br_ec_impl *curves, const void *hash, size_t hash_len,
			     const br_ec_public_key *key, const void *signature, size_t len);
