/*
 * Keys and signatures of certificates made to order (test_tls_maker.h), and how DER is written.
 */
#pragma once

#include "test_tls_fixture.h"
#include "test_tls_pss.h"

#include "net/tls_der.h"

#include <bearssl.h>

struct maker_key {
	char name[16];
	br_skey_decoder_context secret;
	struct buf info; /* SubjectPublicKeyInfo in DER */
};

static struct maker_key maker_keys[24];
static size_t maker_key_count;

/* Makes a key of one of openssl's kinds. One that BearSSL does not know signs nothing. */
static inline void maker_add_key(const char *name, const char *kind)
{
	struct maker_key *key = &maker_keys[maker_key_count++];
	snprintf(key->name, sizeof(key->name), "%s", name);
	fixture_run("openssl genpkey -algorithm %s -outform DER -out k.der && "
		    "openssl pkey -inform DER -in k.der -pubout -outform DER -out p.der",
		    kind);
	scoped(buf_finish) struct buf secret = fixture_read("k.der");
	key->info = fixture_read("p.der");
	br_skey_decoder_init(&key->secret);
	br_skey_decoder_push(&key->secret, secret.at, secret.len);
}

static inline struct maker_key *maker_key(struct str name)
{
	for (size_t i = 0; i < maker_key_count; i++)
		if (str_is(name, maker_keys[i].name))
			return &maker_keys[i];
	fail_msg("no key %.*s", STR_ARGS(name));
	return NULL;
}

static inline void maker_close(void)
{
	for (size_t i = 0; i < maker_key_count; i++)
		buf_finish(&maker_keys[i].info);
}

/* Appends an element in DER. */
static inline void maker_put(struct buf *out, unsigned char tag, struct str value)
{
	buf_add_char(out, (char)tag);
	if (value.len >= 0x80)
		buf_add_char(out, (char)(value.len >= 0x100 ? 0x82 : 0x81));
	if (value.len >= 0x100)
		buf_add_char(out, (char)(value.len >> 8));
	buf_add_char(out, (char)value.len);
	buf_add_str(out, value);
}

/* Puts an element around what out holds. */
static inline void maker_wrap(struct buf *out, unsigned char tag)
{
	struct buf inner = *out;
	*out = (struct buf){0};
	maker_put(out, tag, buf_str(&inner));
	buf_finish(&inner);
}

/* Appends an element around what inner holds, which is emptied. */
static inline void maker_move(struct buf *out, unsigned char tag, struct buf *inner)
{
	maker_put(out, tag, buf_str(inner));
	buf_finish(inner);
}

static inline void maker_put_oid(struct buf *out, struct str text)
{
	struct buf bytes = {0};
	struct str part;
	int64_t number, first = -1;
	while (str_cut(&text, '.', &part)) {
		assert_true(str_to_int64(part, &number));
		if (first < 0) {
			first = number * 40;
			continue;
		}
		number += first;
		first = 0;
		for (int shift = 28; shift >= 0; shift -= 7)
			if (number >> shift || !shift)
				buf_add_char(&bytes,
					     (char)((number >> shift & 0x7f) | (shift ? 0x80 : 0)));
	}
	maker_move(out, 0x06, &bytes);
}

static inline void maker_put_hex(struct buf *out, struct str hex)
{
	for (; hex.len >= 2; hex = str_from(hex, 2)) {
		char digits[3] = {hex.at[0], hex.at[1], '\0'};
		buf_add_char(out, (char)strtol(digits, NULL, 16));
	}
}

/* Appends an AlgorithmIdentifier; params in hexadecimal digits. */
static inline void maker_put_kind(struct buf *out, const char *oid, const char *params)
{
	struct buf fields = {0};
	maker_put_oid(&fields, str_of(oid));
	maker_put_hex(&fields, str_of(params));
	maker_move(out, 0x30, &fields);
}

/* Appends a positive INTEGER. */
static inline void maker_put_number(struct buf *out, const unsigned char *number, size_t len)
{
	struct buf bytes = {0};
	if (*number >= 0x80)
		buf_add_char(&bytes, '\0');
	buf_add(&bytes, number, len);
	maker_move(out, 0x02, &bytes);
}

/* Makes an RSA key with exactly so many bits; openssl's have an even number of them. */
static inline void maker_add_rsa_key(const char *name, unsigned bits)
{
	struct maker_key *key = &maker_keys[maker_key_count++];
	unsigned char bytes[BR_RSA_KBUF_PUB_SIZE(4096)];
	br_hmac_drbg_context random;
	br_rsa_public_key public;
	struct buf numbers = {0};
	snprintf(key->name, sizeof(key->name), "%s", name);
	br_skey_decoder_init(&key->secret);
	key->secret.key_type = BR_KEYTYPE_RSA;
	br_hmac_drbg_init(&random, &br_sha256_vtable, name, strlen(name));
	assert_int_equal(1, br_rsa_keygen_get_default()(&random.vtable, &key->secret.key.rsa,
							key->secret.key_data, &public, bytes, bits,
							65537));
	assert_int_equal(bits, key->secret.key.rsa.n_bitlen);
	maker_put_number(&numbers, public.n, public.nlen);
	maker_put_number(&numbers, public.e, public.elen);
	maker_wrap(&numbers, 0x30);
	struct buf whole = {0};
	buf_add_char(&whole, '\0');
	buf_add_str(&whole, buf_str(&numbers));
	buf_finish(&numbers);
	maker_put_kind(&key->info, "1.2.840.113549.1.1.1", "0500");
	maker_move(&key->info, 0x03, &whole);
	maker_wrap(&key->info, 0x30);
}

/*
 * The key of another name, an RSA key, for PSS alone (RFC 4055 section 3.1): params in hexadecimal
 * digits.
 */
static inline void maker_add_pss_key(const char *name, const char *other, const char *params)
{
	const struct maker_key *source = maker_key(str_of(other));
	struct maker_key *key = &maker_keys[maker_key_count++];
	struct str rest = buf_str(&source->info), fields, skipped;
	*key = (struct maker_key){.secret = source->secret};
	snprintf(key->name, sizeof(key->name), "%s", name);
	assert_true(tls_der_expect(&rest, TLS_DER_SEQUENCE, &fields) &&
		    tls_der_expect(&fields, TLS_DER_SEQUENCE, &skipped));
	maker_put_kind(&key->info, "1.2.840.113549.1.1.10", params);
	buf_add_str(&key->info, fields);
	maker_wrap(&key->info, 0x30);
}

/* The value of a word, or fallback. */
static inline struct str maker_word(const char *words, const char *name, const char *fallback)
{
	struct str rest = str_of(words), word;
	while (str_cut(&rest, ' ', &word))
		if (str_starts(word, name) && word.len > strlen(name) &&
		    word.at[strlen(name)] == '=')
			return str_from(word, strlen(name) + 1);
	return str_of(fallback);
}

static inline bool maker_has(const char *words, const char *wanted)
{
	struct str rest = str_of(words), word;
	while (str_cut(&rest, ' ', &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

struct maker_hash {
	const char *name, *alone, *ecdsa, *rsa;
	const br_hash_class *class;
	const unsigned char *id;
};

static inline const struct maker_hash *maker_hash(struct str name)
{
	static const struct maker_hash hashes[] = {
		{"sha1", "1.3.14.3.2.26", "1.2.840.10045.4.1", "1.2.840.113549.1.1.5",
		 &br_sha1_vtable, BR_HASH_OID_SHA1},
		{"sha224", "2.16.840.1.101.3.4.2.4", "1.2.840.10045.4.3.1", "1.2.840.113549.1.1.14",
		 &br_sha224_vtable, BR_HASH_OID_SHA224},
		{"sha256", "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11",
		 &br_sha256_vtable, BR_HASH_OID_SHA256},
		{"sha384", "2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3", "1.2.840.113549.1.1.12",
		 &br_sha384_vtable, BR_HASH_OID_SHA384},
		{"sha512", "2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4", "1.2.840.113549.1.1.13",
		 &br_sha512_vtable, BR_HASH_OID_SHA512},
	};
	for (size_t i = 0; i < array_count(hashes); i++)
		if (str_is(name, hashes[i].name))
			return &hashes[i];
	fail();
	return NULL;
}

/* The hash in "MASK/SALT", and the salt's length. */
static inline const struct maker_hash *maker_mask(const char *words, size_t *salt)
{
	struct str rest = maker_word(words, "pss", ""), name;
	str_cut(&rest, '/', &name);
	*salt = (size_t)strtol(rest.at, NULL, 10);
	return maker_hash(name);
}

static inline void maker_put_hash(struct buf *out, const struct maker_hash *hash)
{
	struct buf fields = {0};
	maker_put_oid(&fields, str_of(hash->alone));
	maker_put(&fields, 0x05, STR(""));
	maker_move(out, 0x30, &fields);
}

/* Appends RSASSA-PSS-params (RFC 4055 section 3.1). */
static inline void maker_put_parameters(struct buf *out, const char *words,
					const struct maker_hash *hash)
{
	struct buf fields = {0}, field = {0};
	struct str given = maker_word(words, "params", "");
	size_t length;
	const struct maker_hash *mask = maker_mask(words, &length);
	char salt[2] = {(char)(length >> 8), (char)length};
	if (given.len) {
		maker_put_hex(out, given);
		return;
	}
	maker_put_hash(&field, hash);
	maker_move(&fields, 0xa0, &field);
	maker_put_oid(&field, STR("1.2.840.113549.1.1.8"));
	maker_put_hash(&field, mask);
	maker_wrap(&field, 0x30);
	maker_move(&fields, 0xa1, &field);
	maker_put(&field, 0x02,
		  length < 0x80 ? (struct str){salt + 1, 1} : (struct str){salt, sizeof(salt)});
	maker_move(&fields, 0xa2, &field);
	maker_move(out, 0x30, &fields);
}

static inline void maker_put_algorithm(struct buf *out, const char *words,
				       const struct maker_hash *hash, bool rsa)
{
	struct buf algorithm = {0};
	bool pss = maker_word(words, "pss", "").len > 0;
	maker_put_oid(&algorithm, str_of(pss   ? "1.2.840.113549.1.1.10"
					 : rsa ? hash->rsa
					       : hash->ecdsa));
	if (pss && !maker_has(words, "params=none"))
		maker_put_parameters(&algorithm, words, hash);
	else if (rsa && !pss)
		maker_put(&algorithm, 0x05, STR(""));
	maker_move(out, 0x30, &algorithm);
}

/* The modulus of an RSA key. */
static inline struct str maker_modulus(const struct maker_key *key)
{
	struct str rest = buf_str(&key->info), fields, skipped, bits, number;
	assert_true(tls_der_expect(&rest, TLS_DER_SEQUENCE, &fields) &&
		    tls_der_expect(&fields, TLS_DER_SEQUENCE, &skipped) &&
		    tls_der_bits(&fields, &bits) &&
		    tls_der_expect(&bits, TLS_DER_SEQUENCE, &rest) &&
		    tls_der_positive(&rest, &number));
	return number;
}

static inline size_t maker_sign(const char *words, const struct maker_key *key,
				const struct maker_hash *hash, const unsigned char *digest,
				unsigned char *out)
{
	struct pss_wish wish = {.hash = hash->class, .flaw = maker_word(words, "flaw", "")};
	if (br_skey_decoder_key_type(&key->secret) != BR_KEYTYPE_RSA)
		return br_ecdsa_sign_asn1_get_default()(br_ec_get_default(), hash->class, digest,
							br_skey_decoder_get_ec(&key->secret), out);
	const br_rsa_private_key *secret = br_skey_decoder_get_rsa(&key->secret);
	if (!maker_word(words, "pss", "").len)
		return br_rsa_pkcs1_sign_get_default()(hash->id, digest, pss_size(hash->class),
						       secret, out)
			       ? (secret->n_bitlen + 7) / 8
			       : 0;
	wish.mask = maker_mask(words, &wish.salt)->class;
	return pss_sign(&wish, digest, secret, maker_modulus(key), out);
}

/* Appends a BIT STRING with the signature of body. */
static inline void maker_put_signature(struct buf *out, const char *words, struct str body,
				       const struct maker_key *key, const struct maker_hash *hash)
{
	char bits[1 + 512] = {0};
	unsigned char digest[64];
	br_hash_compat_context context;
	hash->class->init(&context.vtable);
	hash->class->update(&context.vtable, body.at, body.len);
	hash->class->out(&context.vtable, digest);
	digest[0] ^= maker_has(words, "sig=bad");
	size_t len = maker_sign(words, key, hash, digest, (unsigned char *)bits + 1);
	assert_true(len > 0);
	maker_put(out, 0x03, (struct str){bits, len + 1});
}
