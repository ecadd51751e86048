/*
 * RSA-PSS signatures made by hand (RFC 8017 section 9.1.1), also with a flaw. A second opinion: it
 * shares nothing with what is tested but BearSSL's hashes and its arithmetic.
 */
#pragma once

#include "base/str.h"

#include <bearssl.h>
#include <string.h>

enum { PSS_HASH = 64, PSS_BYTES = 512 };

struct pss_wish {
	const br_hash_class *hash, *mask;
	size_t salt;
	/*
	 * "first": the first byte of the padding is no zero; "last": nor is the last one; "one":
	 * there is a two in place of the one; "top": the bit above the encoded message is set;
	 * "trailer": another one; "salt": it is a byte longer; "short": the signature begins with a
	 * zero, which is left out; "same": it does, and all is well
	 */
	struct str flaw;
};

static inline size_t pss_size(const br_hash_class *hash)
{
	return hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

/* digest is the message's hash; out has as many bytes as the modulus. */
static inline void pss_encode(const struct pss_wish *wish, const unsigned char *digest,
			      unsigned seed, unsigned bits, unsigned char *out)
{
	size_t len = (bits + 7) / 8, used = (bits + 6) / 8, size = pss_size(wish->hash);
	size_t salt = wish->salt + str_is(wish->flaw, "salt"), block = used - size - 1;
	unsigned char *at = out + len - used, *one = at + block - salt - 1, mask[PSS_HASH];
	unsigned char counter[4] = {0};
	br_hash_compat_context context;
	memset(out, 0, len);
	for (size_t i = 0; i < salt; i++)
		one[1 + i] = (unsigned char)(seed >> i % 2 * 8);
	*one = str_is(wish->flaw, "one") ? 2 : 1;
	wish->hash->init(&context.vtable);
	wish->hash->update(&context.vtable, "\0\0\0\0\0\0\0", 8);
	wish->hash->update(&context.vtable, digest, size);
	wish->hash->update(&context.vtable, one + 1, salt);
	wish->hash->out(&context.vtable, at + block);
	if (str_is(wish->flaw, "first"))
		at[0] |= 1;
	if (str_is(wish->flaw, "last"))
		one[-1] = 1;
	for (size_t i = 0; i < block; i++) {
		size_t place = i % pss_size(wish->mask);
		if (!place) {
			wish->mask->init(&context.vtable);
			wish->mask->update(&context.vtable, at + block, size);
			wish->mask->update(&context.vtable, counter, sizeof(counter));
			wish->mask->out(&context.vtable, mask);
			counter[3]++;
		}
		at[i] ^= mask[place];
	}
	at[0] &= (unsigned char)(0xff >> (used * 8 - (bits - 1)));
	out[len - 1] = str_is(wish->flaw, "trailer") ? 0xcc : 0xbc;
	if (str_is(wish->flaw, "top"))
		out[len - 1 - (bits - 1) / 8] |= (unsigned char)(1 << (bits - 1) % 8);
}

/*
 * Signs, and returns the length. Salts are tried until the encoded message is less than the modulus
 * and the signature begins as wished.
 */
static inline size_t pss_sign(const struct pss_wish *wish, const unsigned char *digest,
			      const br_rsa_private_key *key, struct str modulus,
			      unsigned char out[PSS_BYTES])
{
	size_t len = (key->n_bitlen + 7) / 8;
	bool small = str_is(wish->flaw, "short") || str_is(wish->flaw, "same");
	for (unsigned seed = 1; seed < 0x10000; seed++) {
		pss_encode(wish, digest, seed, key->n_bitlen, out);
		if (memcmp(out, modulus.at, len) >= 0)
			continue;
		if (br_rsa_private_get_default()(out, key) != 1)
			return 0;
		if (!small)
			return len;
		if (!*out && str_is(wish->flaw, "same"))
			return len;
		if (!*out) {
			memmove(out, out + 1, len - 1);
			return len - 1;
		}
	}
	return 0;
}
