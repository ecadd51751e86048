/*
 * Digests: grammar and computation (image-spec "Descriptor", section Digests).
 *
 * Accepted are sha256 and sha512 with lower-case hex of exactly their length. A struct digest_hash
 * computes one from a stream of bytes; it needs no clean-up.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

#include <nettle/sha2.h>

enum { DIGEST_TEXT_SIZE = 7 + 128 + 1 };

enum digest_algorithm { DIGEST_SHA256, DIGEST_SHA512 };

struct digest_hash {
	enum digest_algorithm algorithm;
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} state;
};

/* True for a digest this program can verify. */
bool digest_valid(struct str digest);
/* Starts the hash that the (valid) digest names. */
void digest_start(struct digest_hash *hash, struct str digest);
void digest_update(struct digest_hash *hash, const void *bytes, size_t len);
/* Writes "sha256:..." and a NUL; the hash is used up. */
void digest_finish(struct digest_hash *hash, char text[DIGEST_TEXT_SIZE]);
/* The sha256 digest of bytes. */
void digest_of(struct str bytes, char text[DIGEST_TEXT_SIZE]);
/* Hashes bytes and compares. ERROR_CORRUPT names both digests. */
bool digest_verify(struct str bytes, struct str expected, struct error *err);
