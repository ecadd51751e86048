/*
 * Signatures that are none: numbers out of range, and right numbers in another encoding. Those of
 * other curves than P-256 are met in certificates only, where OpenSSL has a check of its own.
 */
#include "test_tls_maker.h"

#include "net/ecdsa.h"
#ifndef ENGINE_OPENSSL
#include "net/bearssl/bearssl_ecdsa.h"
#endif

enum { NUMBER_MAX = 66 };

struct signer {
	int curve;
	br_ec_private_key secret;
	br_ec_public_key point;
	unsigned char secret_bytes[BR_EC_KBUF_PRIV_MAX_SIZE], point_bytes[BR_EC_KBUF_PUB_MAX_SIZE];
	unsigned char order[NUMBER_MAX];
	size_t len; /* of a number */
	unsigned char hash[32];
	unsigned char raw[2 * NUMBER_MAX]; /* a good signature: r, then s, len bytes each */
};

#ifdef ENGINE_OPENSSL
static const int curves[] = {BR_EC_secp256r1};
#else
static const int curves[] = {BR_EC_secp256r1, BR_EC_secp384r1, BR_EC_secp521r1};
#endif

static void open_signer(struct signer *signer, int curve)
{
	const br_ec_impl *impl = br_ec_get_default();
	br_hmac_drbg_context random;
	*signer = (struct signer){.curve = curve, .hash = {1, 2, 3}};
	br_hmac_drbg_init(&random, &br_sha256_vtable, "test", 4);
	assert_true(br_ec_keygen(&random.vtable, impl, &signer->secret, signer->secret_bytes,
				 curve) > 0);
	assert_true(br_ec_compute_pub(impl, &signer->point, signer->point_bytes, &signer->secret) >
		    0);
	const unsigned char *order = impl->order(curve, &signer->len);
	memcpy(signer->order, order, signer->len);
	assert_int_equal(2 * signer->len,
			 br_ecdsa_sign_raw_get_default()(impl, &br_sha256_vtable, signer->hash,
							 &signer->secret, signer->raw));
}

static bool check(const struct signer *signer, const unsigned char *hash, struct str signature)
{
	/* In a block of its own, so that a read behind it is seen. */
	scoped(buf_finish) struct buf copy = {0};
	buf_add_str(&copy, signature);
	const unsigned char *at = (const unsigned char *)copy.at;
	bool images = signer->curve == BR_EC_secp256r1 &&
		      ecdsa_verify(signer->point.q, hash, at, copy.len);
#ifdef ENGINE_OPENSSL
	return images;
#else
	bool good = bearssl_ecdsa_check(br_ec_get_default(), hash, 32, &signer->point, at,
					copy.len) == 1;
	if (signer->curve == BR_EC_secp256r1)
		assert_int_equal(good, images);
	return good;
#endif
}

/* The shortest form of a number, with the zero that keeps it from being negative. */
static void put_number(struct buf *out, const unsigned char *bytes, size_t len)
{
	struct buf number = {0};
	for (; len > 1 && !*bytes; bytes++)
		len--;
	if (*bytes & 0x80)
		buf_add_char(&number, 0);
	buf_add(&number, bytes, len);
	maker_move(out, 0x02, &number);
}

static bool check_numbers(const struct signer *signer, const unsigned char *hash,
			  const unsigned char *r, const unsigned char *s)
{
	scoped(buf_finish) struct buf der = {0};
	put_number(&der, r, signer->len);
	put_number(&der, s, signer->len);
	maker_wrap(&der, 0x30);
	return check(signer, hash, buf_str(&der));
}

/* Adds to a number of len bytes; false when it grows. */
static bool add(unsigned char *number, size_t len, const unsigned char *other)
{
	unsigned carry = 0;
	for (size_t i = len; i-- > 0; carry >>= 8) {
		carry += (unsigned)number[i] + other[i];
		number[i] = (unsigned char)carry;
	}
	return !carry;
}

static void test_range(void **state)
{
	static const unsigned char zero[NUMBER_MAX], no_hash[32];
	(void)state;
	for (size_t i = 0; i < array_count(curves); i++) {
		struct signer signer;
		open_signer(&signer, curves[i]);
		unsigned char one[NUMBER_MAX] = {0}, most[NUMBER_MAX], larger[NUMBER_MAX];
		const unsigned char *r = signer.raw, *s = signer.raw + signer.len,
				    *n = signer.order;
		one[signer.len - 1] = 1;
		memset(most, 0xff, sizeof(most));
		assert_true(check_numbers(&signer, signer.hash, r, s));
		assert_false(check_numbers(&signer, no_hash, r, s));
		const unsigned char *const bad[] = {zero, n, most};
		for (size_t b = 0; b < array_count(bad); b++) {
			assert_false(check_numbers(&signer, signer.hash, bad[b], s));
			assert_false(check_numbers(&signer, signer.hash, r, bad[b]));
			/* Where r is zero, or the order, every key has signed a hash of zero. */
			assert_false(check_numbers(&signer, no_hash, bad[b], s));
			assert_false(check_numbers(&signer, no_hash, bad[b], one));
			assert_false(check_numbers(&signer, no_hash, bad[b], bad[b]));
		}
		memcpy(larger, s, signer.len);
		if (add(larger, signer.len, n))
			assert_false(check_numbers(&signer, signer.hash, r, larger));
		memcpy(larger, r, signer.len);
		if (add(larger, signer.len, n))
			assert_false(check_numbers(&signer, signer.hash, larger, s));
	}
}

/* A signature on P-256 whose numbers have a high bit, so that both begin with a zero. */
static void open_plain(struct signer *signer, struct str *r, struct str *s)
{
	open_signer(signer, BR_EC_secp256r1);
	while (!(signer->raw[0] & 0x80) || !(signer->raw[32] & 0x80)) {
		signer->hash[0]++;
		br_ecdsa_sign_raw_get_default()(br_ec_get_default(), &br_sha256_vtable,
						signer->hash, &signer->secret, signer->raw);
	}
	*r = (struct str){(const char *)signer->raw, 32};
	*s = (struct str){(const char *)signer->raw + 32, 32};
}

/* Each "%" of the hex text stands for r, then for s. */
static void expect(const struct signer *signer, const char *text, bool good)
{
	scoped(buf_finish) struct buf der = {0};
	const unsigned char *number = signer->raw;
	for (struct str rest = str_of(text); rest.len;) {
		if (rest.at[0] == '%') {
			buf_add(&der, number, 32);
			number += 32;
			rest = str_from(rest, 1);
			continue;
		}
		maker_put_hex(&der, str_head(rest, 2));
		rest = str_from(rest, 2);
	}
	if (check(signer, signer->hash, buf_str(&der)) != good)
		fail_msg("%s", text);
}

static void test_encoding(void **state)
{
	static const char *const bad[] = {
		"",
		"30",
		"3000",
		"300402000200",
		"3044"
		"0220%"
		"0220%", /* negative */
		"3045"
		"022100%"
		"0220%", /* one of them */
		"3047"
		"02220000%"
		"022100%", /* a zero too many */
		"3047"
		"022100%"
		"02220000%",
		"3046"
		"022100%"
		"022100%"
		"00", /* something behind */
		"3047"
		"022100%"
		"022100%"
		"00",
		"3049"
		"022100%"
		"022100%"
		"020101",
		"308146"
		"022100%"
		"022100%", /* a length in two bytes */
		"30820046"
		"022100%"
		"022100%",
		"3048"
		"02812100%"
		"02812100%",
		"3080"
		"022100%"
		"022100%"
		"0000", /* without a length */
		"3045"
		"022100%"
		"022100%", /* wrong ones */
		"3047"
		"022100%"
		"022100%",
		"3023"
		"022100%", /* no s */
		"3025"
		"022100%"
		"0200",
		"3046"
		"032100%"
		"022100%", /* other tags */
		"3146"
		"022100%"
		"022100%",
		"%%",
	};
	struct signer signer;
	struct str r, s;
	(void)state;
	open_plain(&signer, &r, &s);
	expect(&signer, "3046022100%022100%", true);
	for (size_t i = 0; i < array_count(bad); i++)
		expect(&signer, bad[i], false);
}

/* Each cut and each other bit is another signature, or none. */
static void test_damage(void **state)
{
	scoped(buf_finish) struct buf der = {0};
	struct signer signer;
	struct str r, s;
	(void)state;
	open_plain(&signer, &r, &s);
	put_number(&der, signer.raw, 32);
	put_number(&der, signer.raw + 32, 32);
	maker_wrap(&der, 0x30);
	for (size_t i = 0; i < der.len; i++) {
		assert_false(check(&signer, signer.hash, str_head(buf_str(&der), i)));
		der.at[i] ^= (char)(1 << i % 8);
		assert_false(check(&signer, signer.hash, buf_str(&der)));
		der.at[i] ^= (char)(1 << i % 8);
	}
}

static void test_key(void **state)
{
	struct signer signer;
	struct str r, s;
	(void)state;
	open_plain(&signer, &r, &s);
	signer.point.q[64] ^= 1; /* not on the curve */
	expect(&signer, "3046022100%022100%", false);
	signer.point.q[64] ^= 1;
#ifndef ENGINE_OPENSSL
	const int unknown[] = {0, BR_EC_secp224r1, BR_EC_curve25519, 31, 64, -1};
	for (size_t i = 0; i < array_count(unknown); i++) {
		br_ec_public_key key = signer.point;
		key.curve = unknown[i];
		assert_int_equal(
			0, bearssl_ecdsa_check(br_ec_get_default(), signer.hash, 32, &key, "0", 1));
	}
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
