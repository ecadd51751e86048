/*
 * BearSSL's certificate and private key decoders, fed in pieces: the library must be the patched
 * one. Unpatched, each row but the last ones writes out of bounds or jumps through NULL; contexts
 * are on the heap so that AddressSanitizer sees it.
 */
#include "test_tls_fixture.h"

#include <bearssl.h>

static const size_t pieces[] = {SIZE_MAX, 768, 255, 1};

static int decode_certificate(struct str der, size_t piece)
{
	br_x509_decoder_context *decoder = malloc(sizeof(*decoder));
	assert_non_null(decoder);
	br_x509_decoder_init(decoder, NULL, NULL);
	for (; der.len; der = str_from(der, str_head(der, piece).len))
		br_x509_decoder_push(decoder, der.at, str_head(der, piece).len);
	int code = br_x509_decoder_last_error(decoder);
	free(decoder);
	return code;
}

static int decode_key(struct str der, size_t piece)
{
	br_skey_decoder_context *decoder = malloc(sizeof(*decoder));
	assert_non_null(decoder);
	br_skey_decoder_init(decoder);
	for (; der.len; der = str_from(der, str_head(der, piece).len))
		br_skey_decoder_push(decoder, der.at, str_head(der, piece).len);
	int code = br_skey_decoder_last_error(decoder);
	free(decoder);
	return code;
}

static void expect(int (*decode)(struct str der, size_t piece), const char *name, size_t trailing,
		   int code)
{
	struct buf der = fixture_read(name);
	for (size_t i = 0; i < trailing; i++)
		buf_add_char(&der, (char)(i * 37));
	for (size_t i = 0; i < array_count(pieces); i++) {
		int got = decode(buf_str(&der), pieces[i]);
		if (got != code)
			fail_msg("%s + %zu in pieces of %zu: %d, not %d", name, trailing, pieces[i],
				 got, code);
	}
	buf_finish(&der);
}

static void test_certificates(void **state)
{
	(void)state;
	expect(decode_certificate, "rsa8192.der", 0, BR_ERR_X509_LIMIT_EXCEEDED);
	expect(decode_certificate, "rsa2048.der", 1, BR_ERR_X509_EXTRA_ELEMENT);
	expect(decode_certificate, "rsa2048.der", 600, BR_ERR_X509_EXTRA_ELEMENT);
	expect(decode_certificate, "p256.der", 600, BR_ERR_X509_EXTRA_ELEMENT);
	expect(decode_certificate, "ed25519.der", 0, BR_ERR_X509_UNSUPPORTED);
	expect(decode_certificate, "ed25519.der", 600, BR_ERR_X509_UNSUPPORTED);
	expect(decode_certificate, "rsa2048.der", 0, 0);
	expect(decode_certificate, "rsa4096.der", 0, 0);
	expect(decode_certificate, "p256.der", 0, 0);
}

static void test_keys(void **state)
{
	(void)state;
	expect(decode_key, "rsa8192.pkcs1", 0, BR_ERR_X509_LIMIT_EXCEEDED);
	expect(decode_key, "rsa8192.pkcs8", 0, BR_ERR_X509_LIMIT_EXCEEDED);
	expect(decode_key, "rsa2048.pkcs8", 3000, BR_ERR_X509_EXTRA_ELEMENT);
	expect(decode_key, "rsa2048.pkcs1", 3000, BR_ERR_X509_EXTRA_ELEMENT);
	expect(decode_key, "rsa2048.pkcs8", 0, 0);
	expect(decode_key, "rsa2048.pkcs1", 0, 0);
	expect(decode_key, "rsa4096.pkcs8", 0, 0);
	expect(decode_key, "rsa4096.pkcs1", 0, 0);
	expect(decode_key, "p256.pkcs8", 0, 0);
	expect(decode_key, "p256.sec1", 0, 0);
}

/* Every cut and every changed byte: errors of any kind, but no access out of bounds. */
static void test_damage(void **state)
{
	static const char *const names[] = {"rsa2048.der", "p256.der", "ed25519.der"};
	(void)state;
	for (size_t n = 0; n < array_count(names); n++) {
		struct buf der = fixture_read(names[n]);
		for (size_t i = 0; i < der.len; i++) {
			assert_int_not_equal(0, decode_certificate(str_head(buf_str(&der), i), 1));
			der.at[i] ^= (char)0x81;
			decode_certificate(buf_str(&der), 255);
			decode_certificate(buf_str(&der), 1);
			der.at[i] ^= (char)0x81;
		}
		buf_finish(&der);
	}
}

/* Appends one DER element whose length takes two bytes. */
static void add_element(struct buf *out, char tag, const char *content, size_t len)
{
	char header[4] = {tag, (char)0x82, (char)(len >> 8), (char)len};
	buf_add(out, header, sizeof(header));
	buf_add(out, content, len);
}

/* A private key that only looks like one of RSA-8192: the decoders do no arithmetic. */
static void make_big_key(void)
{
	static const size_t sizes[] = {1024, 3, 1024, 512, 512, 512, 512, 512};
	static const char version[] = "\x02\x01\x00";
	static const char algorithm[] =
		"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
	char number[1024];
	struct buf fields = {0}, key = {0}, wrapped = {0}, outer = {0};
	memset(number, 0x5a, sizeof(number));
	buf_add(&fields, version, sizeof(version) - 1);
	for (size_t i = 0; i < array_count(sizes); i++)
		add_element(&fields, 0x02, number, sizes[i]);
	add_element(&key, 0x30, fields.at, fields.len);
	fixture_write("rsa8192.pkcs1", buf_str(&key));
	buf_add(&wrapped, version, sizeof(version) - 1);
	buf_add(&wrapped, algorithm, sizeof(algorithm) - 1);
	add_element(&wrapped, 0x04, key.at, key.len);
	add_element(&outer, 0x30, wrapped.at, wrapped.len);
	fixture_write("rsa8192.pkcs8", buf_str(&outer));
	buf_finish(&fields);
	buf_finish(&key);
	buf_finish(&wrapped);
	buf_finish(&outer);
}

static int make_files(void **state)
{
	static const char *const kinds[][2] = {
		{"rsa2048", "RSA -pkeyopt rsa_keygen_bits:2048"},
		{"rsa4096", "RSA -pkeyopt rsa_keygen_bits:4096"},
		{"rsa8192", RSA8192},
		{"p256", P256},
		{"ed25519", "ED25519"},
	};
	(void)state;
	fixture_open();
	for (size_t i = 0; i < array_count(kinds); i++) {
		const char *name = kinds[i][0];
		fixture_key(name, kinds[i][1]);
		fixture_certificate(name, name, NULL, "-subj /CN=decoder -outform DER");
		fixture_run("mv %s.pem %s.der", name, name);
		fixture_run("openssl pkcs8 -topk8 -nocrypt -outform DER -in %s.key -out %s.pkcs8",
			    name, name);
	}
	fixture_run("openssl rsa -traditional -outform DER -in rsa2048.key -out rsa2048.pkcs1");
	fixture_run("openssl rsa -traditional -outform DER -in rsa4096.key -out rsa4096.pkcs1");
	fixture_run("openssl ec -outform DER -in p256.key -out p256.sec1");
	make_big_key();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_damage),
	};
	return cmocka_run_group_tests(tests, make_files, NULL);
}
