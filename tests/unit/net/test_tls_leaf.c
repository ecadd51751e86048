/* What a server's certificate must say (net/tls_leaf.h), and what the DER reader refuses. */
#include "test_tls_fixture.h"

#include "net/tls_der.h"
#include "net/tls_failure.h"
#include "net/tls_leaf.h"

#include <bearssl.h>

static const struct {
	const char *extensions; /* "" makes a certificate of version 1 or without extensions */
	const char *address;    /* in network order, "" for a name */
	enum tls_leaf_verdict verdict;
} cases[] = {
	{"subjectAltName=DNS:a", "", TLS_LEAF_OK},
	{"subjectAltName=IP:127.0.0.1", "\x7f\x00\x00\x01", TLS_LEAF_OK},
	{"subjectAltName=IP:10.0.0.1,DNS:x,IP:127.0.0.1", "\x7f\x00\x00\x01", TLS_LEAF_OK},
	{"subjectAltName=IP:10.0.0.1,DNS:127.0.0.1", "\x7f\x00\x00\x01", TLS_LEAF_NOT_ADDRESS},
	{"subjectAltName=IP:::1", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", TLS_LEAF_OK},
	{"subjectAltName=IP:::2", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", TLS_LEAF_NOT_ADDRESS},
	{"subjectAltName=URI:http://127.0.0.1/,email:a@b", "\x7f\x00\x00\x01",
	 TLS_LEAF_NOT_ADDRESS},
	{"", "", TLS_LEAF_NO_NAMES},
	{"basicConstraints=CA:FALSE", "", TLS_LEAF_NO_NAMES},
	{"basicConstraints=CA:FALSE", "\x7f\x00\x00\x01", TLS_LEAF_NO_NAMES},
	{"extendedKeyUsage=serverAuth", "", TLS_LEAF_NO_NAMES},
	{"subjectAltName=DNS:a|extendedKeyUsage=serverAuth", "", TLS_LEAF_OK},
	{"subjectAltName=DNS:a|extendedKeyUsage=critical,serverAuth", "", TLS_LEAF_OK},
	{"subjectAltName=DNS:a|extendedKeyUsage=anyExtendedKeyUsage", "", TLS_LEAF_OK},
	{"extendedKeyUsage=clientAuth,codeSigning,serverAuth|subjectAltName=DNS:a", "",
	 TLS_LEAF_OK},
	{"subjectAltName=DNS:a|extendedKeyUsage=clientAuth", "", TLS_LEAF_NOT_SERVER},
	{"subjectAltName=DNS:a|extendedKeyUsage=1.3.6.1.5.5.7.3.1.1", "", TLS_LEAF_NOT_SERVER},
	{"subjectAltName=DER:3004|keyUsage=digitalSignature", "", TLS_LEAF_MALFORMED},
	{"subjectAltName=DER:30020500ff", "", TLS_LEAF_MALFORMED},
	{"subjectAltName=DNS:a|extendedKeyUsage=DER:0400", "", TLS_LEAF_MALFORMED},
	{"subjectAltName=DNS:a|2.5.29.99=DER:3003820162", "", TLS_LEAF_MALFORMED},
	{"subjectAltName=DNS:a|extendedKeyUsage=serverAuth|2.5.29.98=DER:3000", "",
	 TLS_LEAF_MALFORMED},
};

/*
 * openssl refuses to give one extension twice: 2.5.29.99 and .98 stand for another subjectAltName
 * and extendedKeyUsage.
 */
static struct buf make_leaf(const char *extensions)
{
	static const char doubles[][2][6] = {
		{"\x06\x03\x55\x1d\x63", "\x06\x03\x55\x1d\x11"},
		{"\x06\x03\x55\x1d\x62", "\x06\x03\x55\x1d\x25"},
	};
	scoped(buf_finish) struct buf options = {0};
	struct str rest = str_of(extensions), one;
	while (str_cut(&rest, '|', &one) && one.len)
		buf_printf(&options, "-addext '%.*s' ", STR_ARGS(one));
	fixture_run("openssl req -x509 -new -config cnf -key leaf.key -subj /CN=127.0.0.1 "
		    "-outform DER -out leaf.der %s",
		    buf_string(&options));
	struct buf der = fixture_read("leaf.der");
	for (size_t i = 0; i + 5 <= der.len; i++)
		for (size_t n = 0; n < array_count(doubles); n++)
			if (memcmp(der.at + i, doubles[n][0], 5) == 0)
				memcpy(der.at + i, doubles[n][1], 5);
	return der;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf der = make_leaf(cases[i].extensions);
		bool six = strstr(cases[i].extensions, "IP:::") != NULL;
		size_t len = six ? 16 : *cases[i].address ? 4 : 0;
		enum tls_leaf_verdict verdict =
			tls_leaf_check(buf_str(&der), (struct str){cases[i].address, len});
		if (verdict != cases[i].verdict)
			fail_msg("%s: %d, not %d", cases[i].extensions, verdict, cases[i].verdict);
	}
}

/* The bytes are copied to the end of a block of their own, so that a read behind them is seen. */
static void check_copy(struct str der)
{
	char *copy = malloc(der.len ? der.len : 1);
	assert_non_null(copy);
	if (der.len)
		memcpy(copy, der.at, der.len);
	tls_leaf_check((struct str){copy, der.len}, STR("\x7f\x00\x00\x01"));
	free(copy);
}

static void test_damage(void **state)
{
	scoped(buf_finish) struct buf der = make_leaf(
		"extendedKeyUsage=clientAuth,serverAuth|subjectAltName=DNS:a,IP:127.0.0.1");
	(void)state;
	for (size_t i = 0; i < der.len; i++) {
		struct str cut = str_head(buf_str(&der), i);
		assert_int_equal(TLS_LEAF_MALFORMED, tls_leaf_check(cut, (struct str){0}));
		check_copy(cut);
		for (int bit = 0; bit < 8; bit++) {
			der.at[i] ^= (char)(1 << bit);
			check_copy(buf_str(&der));
			der.at[i] ^= (char)(1 << bit);
		}
	}
}

static void test_der(void **state)
{
	static const struct {
		struct str bytes;
		size_t len; /* of the content; SIZE_MAX: refused */
	} rows[] = {
		{STR("\x30\x00"), 0},
		{STR("\x30\x01x"), 1},
		{STR("\x30\x01xy"), 1},
		{STR("\x30"), SIZE_MAX},
		{STR(""), SIZE_MAX},
		{STR("\x30\x02x"), SIZE_MAX},
		{STR("\x30\x80"), SIZE_MAX},         /* indefinite */
		{STR("\x30\x81\x01x"), SIZE_MAX},    /* not the shortest */
		{STR("\x30\x82\x00\x80"), SIZE_MAX}, /* not the shortest */
		{STR("\x30\x81"), SIZE_MAX},
		{STR("\x30\x84\x01\x01\x01\x01x"), SIZE_MAX},
		{STR("\x30\x83\xff\xff\xff"), SIZE_MAX},
		{STR("\x1f\x81\x01x"), SIZE_MAX}, /* tag of several bytes */
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct str rest = rows[i].bytes;
		struct tls_der element;
		bool taken = tls_der_next(&rest, &element);
		assert_int_equal(rows[i].len != SIZE_MAX, taken);
		if (taken)
			assert_int_equal(rows[i].len, element.value.len);
		else
			assert_int_equal(rows[i].bytes.len, rest.len);
	}
}

static void test_failures(void **state)
{
	char text[TLS_FAILURE_SIZE] = "";
	struct tls_failure failure = {.code = BR_ERR_X509_EXPIRED, .peer = "reg.io"};
	(void)state;
	assert_int_equal(0x128, tls_failure_code("BearSSL: connection error 0x0128"));
	assert_int_equal(0, tls_failure_code("Could not resolve host"));
	assert_int_equal(0, tls_failure_code("BearSSL: connection error 0x"));
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "the certificate of reg.io"));
	assert_non_null(strstr(text, "local clock"));
	failure.code = 0x128;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "no cipher suite"));
	failure.accepted = true;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "client certificate"));
	failure.code = BR_ERR_X509_BAD_TIME;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "X.509 error 48"));
	static const int passing[] = {0,  0x150, BR_ERR_BAD_MAC, BR_ERR_IO, BR_ERR_X509_OK,
				      64, 0x228};
	for (size_t i = 0; i < array_count(passing); i++) {
		failure.code = passing[i];
		assert_false(tls_failure_explain(&failure, text));
	}
}

static int make_key(void **state)
{
	(void)state;
	fixture_open();
	fixture_key("leaf", P256);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_failures),
	};
	return cmocka_run_group_tests(tests, make_key, NULL);
}
