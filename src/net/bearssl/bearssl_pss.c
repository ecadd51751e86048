/*
 * BearSSL has the arithmetic and the hashes, and this is how PSS uses them (RFC 8017 section
 * 9.1.2): what the key makes of a signature is, from its end, the byte 0xbc, a hash H, and a block
 * under a mask that H makes: zeros, a one, the salt. H is the hash of the message's hash and the
 * salt.
 *
 * All of it has a bit less than the modulus, so the bits above must be zero; behind a modulus of
 * 8n + 1 bits these are a whole byte. Signatures and keys are public, so timing reveals nothing.
 */
#include "net/bearssl/bearssl_pss.h"

#include "base/scoped.h"

#include <string.h>

enum { HASH_MAX = 64, TRAILER = 0xbc };

static const br_hash_class *const classes[] = {
	[TLS_PSS_SHA1] = &br_sha1_vtable,     [TLS_PSS_SHA224] = &br_sha224_vtable,
	[TLS_PSS_SHA256] = &br_sha256_vtable, [TLS_PSS_SHA384] = &br_sha384_vtable,
	[TLS_PSS_SHA512] = &br_sha512_vtable,
};

/* Hashes parts as one text; the size of the hash. */
static size_t digest(const br_hash_class *hash, const struct str *parts, size_t count,
		     unsigned char out[HASH_MAX])
{
	br_hash_compat_context context;
	hash->init(&context.vtable);
	for (size_t i = 0; i < count; i++)
		hash->update(&context.vtable, parts[i].at, parts[i].len);
	hash->out(&context.vtable, out);
	return hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

/* Takes off at the mask that MGF1 makes of seed (RFC 8017 section B.2.1), at most 512 bytes. */
static void unmask(const br_hash_class *hash, struct str seed, unsigned char *at, size_t len)
{
	unsigned char mask[HASH_MAX];
	char counter[4] = {0};
	const struct str parts[] = {seed, {counter, sizeof(counter)}};
	for (size_t i = 0, used = 0, size = 0; i < len; i++, used++) {
		if (used == size) {
			size = digest(hash, parts, array_count(parts), mask);
			counter[3]++;
			used = 0;
		}
		at[i] ^= mask[used];
	}
}

/* The bits of its first byte that an encoded message may use, where the modulus begins with top. */
static unsigned char usable_bits(unsigned char top)
{
	unsigned char bits = 0;
	while (bits < top >> 1)
		bits = (unsigned char)(bits << 1 | 1);
	return bits;
}

/* Zeros, and a one behind them. */
static bool is_padding(const unsigned char *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (at[i])
			return false;
	return at[len - 1] == 1;
}

/* Checks an encoded message, which is changed; usable are bits of its first byte. */
static bool check_encoded(const struct tls_pss *pss, struct str message, unsigned char *at,
			  size_t len, unsigned char usable)
{
	const br_hash_class *hash = classes[pss->hash];
	unsigned char hashed[HASH_MAX], expected[HASH_MAX];
	size_t size = digest(hash, &message, 1, hashed);
	if (len < size + pss->salt + 2 || at[len - 1] != TRAILER)
		return false;
	size_t block = len - 1 - size, padding = block - pss->salt;
	const struct str found = {(const char *)at + block, size};
	unmask(classes[pss->mask], found, at, block);
	at[0] &= usable;
	const struct str parts[] = {
		{"\0\0\0\0\0\0\0", 8},
		{(const char *)hashed, size},
		{(const char *)at + padding, pss->salt},
	};
	digest(hash, parts, array_count(parts), expected);
	return is_padding(at, padding) && memcmp(expected, found.at, size) == 0;
}

bool bearssl_pss_check(const br_rsa_public_key *key, const struct tls_pss *pss, struct str message,
		       struct str signature)
{
	unsigned char encoded[BEARSSL_RSA_MAX];
	if (signature.len > sizeof(encoded))
		return false;
	memcpy(encoded, signature.at, signature.len);
	/* False, too, when the signature is not as long as the modulus, or no less than it. */
	if (br_rsa_public_get_default()(encoded, signature.len, key) != 1)
		return false;
	unsigned char usable = usable_bits(key->n[0]);
	if (encoded[0] & ~usable)
		return false;
	size_t unused = usable ? 0 : 1;
	return check_encoded(pss, message, encoded + unused, signature.len - unused,
			     usable ? usable : 0xff);
}
