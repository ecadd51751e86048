/* What is read from a certificate, what is none, and how a fault is told. */
#include "test_tls_maker.h"

#include "net/tls_certificate.h"
#include "net/tls_der.h"
#include "net/tls_engine.h"
#include "net/tls_failure.h"
#include "net/tls_names.h"

#include <limits.h>

static enum tls_fault take(const char *words, struct buf *der, struct tls_certificate *out)
{
	*der = maker_certificate(words, words);
	assert_true(tls_certificate_read(buf_str(der), out));
	return out->fault;
}

static void test_facts(void **state)
{
	struct tls_certificate certificate;
	struct buf der;
	(void)state;
	assert_int_equal(TLS_FAULT_NONE, take("n=plain", &der, &certificate));
	assert_int_equal(3, certificate.version);
	assert_false(certificate.authority);
	assert_true(certificate.may_certify && certificate.may_sign && certificate.for_servers);
	assert_int_equal(INT_MAX, certificate.path_length);
	assert_null(certificate.names.at);
	assert_null(certificate.allowed.at);
	assert_true(tls_certificate_self_issued(&certificate));
	assert_int_equal(TLS_KEY_P256, certificate.key.kind);
	assert_int_equal(TLS_FAULT_NONE, tls_certificate_date(&certificate, time(NULL)));
	assert_int_equal(TLS_FAULT_EARLY, tls_certificate_date(&certificate, time(NULL) - 90000));
	assert_int_equal(TLS_FAULT_EXPIRED, tls_certificate_date(&certificate, time(NULL) + 90000));
	assert_int_equal(172800, certificate.not_after - certificate.not_before);
	buf_finish(&der);

	take("bc!=ca/3 ku!=C eku=client dns=a permit-dns=a deny-ip=::/:: to=20000", &der,
	     &certificate);
	assert_true(certificate.authority && certificate.may_certify);
	assert_false(certificate.may_sign || certificate.for_servers);
	assert_int_equal(3, certificate.path_length);
	assert_true(certificate.names.len && certificate.allowed.len && certificate.denied.len);
	assert_int_equal(20001 * 86400, certificate.not_after - certificate.not_before);
	buf_finish(&der);

	take("k=rsa2048 ku=S v=3", &der, &certificate);
	assert_int_equal(256, certificate.key.modulus.len);
	assert_true(certificate.may_sign && !certificate.may_certify);
	buf_finish(&der);
}

static void test_faults(void **state)
{
	static const struct {
		const char *words;
		enum tls_fault fault;
	} rows[] = {
		{"v=1", TLS_FAULT_NONE},
		{"v=2", TLS_FAULT_NONE},
		{"v=1 dns=a", TLS_FAULT_MALFORMED},
		{"v=2 dns=a", TLS_FAULT_MALFORMED},
		{"sig=inner", TLS_FAULT_MALFORMED},
		{"k=rsa1024", TLS_FAULT_KEY_WEAK},
		{"raw!=1.2.3:0500", TLS_FAULT_CRITICAL},
		{"raw=1.2.3:0500", TLS_FAULT_NONE},
		{"raw=1.2.3:", TLS_FAULT_NONE},
		{"raw=1.2.3:00 raw=1.2.4:00 raw=1.2.3:00", TLS_FAULT_MALFORMED},
		{"raw!=2.5.29.35:3000", TLS_FAULT_CRITICAL},
		{"raw!=2.5.29.31:3000", TLS_FAULT_NONE},
		/* basicConstraints */
		{"raw=2.5.29.19:3000", TLS_FAULT_NONE},
		{"raw=2.5.29.19:3003010100", TLS_FAULT_NONE},
		{"raw=2.5.29.19:3003010101", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:30060101ff020100", TLS_FAULT_NONE},
		{"raw=2.5.29.19:30060101ff0201ff", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:30050101ff0200", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:30070101ff02020000", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:30070101ff02020080", TLS_FAULT_NONE},
		{"raw=2.5.29.19:30080101ff02010005", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:300000", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.19:0400", TLS_FAULT_MALFORMED},
		/* keyUsage */
		{"raw=2.5.29.15:030100", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.15:03020880", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.15:03020781", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.15:0303078080", TLS_FAULT_NONE},
		{"raw=2.5.29.15:0302078000", TLS_FAULT_MALFORMED},
		/* extendedKeyUsage */
		{"raw=2.5.29.37:3000", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.37:30020400", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.37:300406022a0300", TLS_FAULT_MALFORMED},
		{"eku=client+server raw=2.5.29.37:300406022a03", TLS_FAULT_MALFORMED},
		/* subjectAltName */
		{"raw=2.5.29.17:3000", TLS_FAULT_NONE},
		{"raw=2.5.29.17:3004", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.17:30020500", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.17:3003820162", TLS_FAULT_NONE},
		{"raw=2.5.29.17:3003840162", TLS_FAULT_MALFORMED},
		{"dns=a raw=2.5.29.17:3003820162", TLS_FAULT_MALFORMED},
		/* nameConstraints */
		{"raw=2.5.29.30:3000", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.30:3002a000", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.30:3007a00530038201610500", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.30:3007a0053003820161", TLS_FAULT_NONE},
		{"raw=2.5.29.30:3007a1053003820161", TLS_FAULT_NONE},
		{"raw=2.5.29.30:300ea1053003820161a0053003820161", TLS_FAULT_MALFORMED},
		{"raw=2.5.29.30:3007a0053003300161", TLS_FAULT_MALFORMED},
		{"permit-dns=a nc=distance", TLS_FAULT_MALFORMED},
		{"permit-ip=10.0.0.0", TLS_FAULT_MALFORMED},
		/* policyConstraints */
		{"raw=2.5.29.36:3003800100", TLS_FAULT_POLICY},
		{"raw=2.5.29.36:3006800100810100", TLS_FAULT_POLICY},
		{"raw=2.5.29.36:3003810100", TLS_FAULT_NONE},
		{"raw=2.5.29.36:3003820100", TLS_FAULT_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct tls_certificate certificate;
		struct buf der;
		enum tls_fault fault = take(rows[i].words, &der, &certificate);
		if (fault != rows[i].fault)
			fail_msg("%s: %d, not %d", rows[i].words, fault, rows[i].fault);
		buf_finish(&der);
	}
}

/* More extensions than anybody has: comparing each with each would take long. */
static void test_many_extensions(void **state)
{
	scoped(buf_finish) struct buf words = {0};
	struct tls_certificate certificate;
	struct buf der;
	(void)state;
	for (int i = 0; i < 64; i++)
		buf_printf(&words, "raw=1.2.%d: ", i);
	assert_int_equal(TLS_FAULT_NONE, take(buf_string(&words), &der, &certificate));
	buf_finish(&der);
	buf_add_string(&words, "raw=1.2.65:");
	assert_int_equal(TLS_FAULT_MALFORMED, take(buf_string(&words), &der, &certificate));
	buf_finish(&der);
}

static char *find_bytes(struct buf *in, struct str wanted)
{
	for (size_t i = 0; i + wanted.len <= in->len; i++)
		if (memcmp(in->at + i, wanted.at, wanted.len) == 0)
			return in->at + i;
	return NULL;
}

/* A certificate with part of it replaced: from and to are hex, of the same length. */
static bool read_changed(const char *from, const char *to, enum tls_fault *fault)
{
	scoped(buf_finish) struct buf der = maker_certificate("n=x dns=a", "n=x"), old = {0},
				      new = {0};
	struct tls_certificate certificate;
	maker_put_hex(&old, str_of(from));
	maker_put_hex(&new, str_of(to));
	char *at = find_bytes(&der, buf_str(&old));
	assert_non_null(at);
	memcpy(at, new.at, new.len);
	bool good = tls_certificate_read(buf_str(&der), &certificate);
	*fault = certificate.fault;
	return good;
}

static void test_structure(void **state)
{
	static const struct {
		const char *from, *to;
		bool read;
		enum tls_fault fault;
	} rows[] = {
		{"a003020102", "a003020102", true, TLS_FAULT_NONE},
		{"a003020102", "a003020103", false, TLS_FAULT_NONE},
		{"a003020102", "a0030201ff", false, TLS_FAULT_NONE},
		{"a003020102", "a003040102", false, TLS_FAULT_NONE},
		/* The name: a set of another kind, an attribute without value. */
		{"310a300806035504030c0178", "300a300806035504030c0178", false, TLS_FAULT_NONE},
		{"310a300806035504030c0178", "310a300806035504030c0278", false, TLS_FAULT_NONE},
		{"310a300806035504030c0178", "310a300806065504030c0178", false, TLS_FAULT_NONE},
		/* The key: another curve, a compressed point, another algorithm. */
		{"06082a8648ce3d030107", "06082a8648ce3d030108", true, TLS_FAULT_KEY_KIND},
		{"03420004", "03420002", true, TLS_FAULT_KEY_KIND},
		{"03420004", "03420104", true, TLS_FAULT_MALFORMED},
		{"06072a8648ce3d0201", "06072a8648ce3d0202", true, TLS_FAULT_KEY_KIND},
		/* The extension: another tag, other identifiers. */
		{"0603551d11", "0603551d80", true, TLS_FAULT_MALFORMED},
		{"0603551d11", "0603558011", true, TLS_FAULT_MALFORMED},
		{"0603551d11", "0603559d11", true, TLS_FAULT_NONE},
		{"a310300e", "a410300e", false, TLS_FAULT_NONE},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		enum tls_fault fault;
		bool good = read_changed(rows[i].from, rows[i].to, &fault);
		if (good != rows[i].read || (good && fault != rows[i].fault))
			fail_msg("%s: %d %d", rows[i].to, good, fault);
	}
}

static void test_dates(void **state)
{
	static const char *const bad[] = {
		"991301000000Z", "990001000000Z", "990230000000Z", "990100000000Z", "990132000000Z",
		"990101240000Z", "990101006000Z", "990101000060Z", "9901010000000", "99010100000aZ",
		"9901010000+1Z", "990101000000z", "+90101000000Z",
	};
	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		scoped(buf_finish) struct buf der = maker_certificate("n=x", "n=x");
		struct tls_certificate certificate;
		char *at = find_bytes(&der, STR("\x17\x0d"));
		assert_non_null(at);
		memcpy(at + 2, "990228235959Z", 13);
		assert_true(tls_certificate_read(buf_str(&der), &certificate));
		assert_int_equal(920246399, certificate.not_before);
		memcpy(at + 2, bad[i], 13);
		if (tls_certificate_read(buf_str(&der), &certificate))
			fail_msg("%s", bad[i]);
	}
}

/* RSA keys whose numbers allow signatures without the key, or that are too large. */
static void test_rsa(void **state)
{
	static const struct {
		const char *exponent; /* in hex; three bytes replace 010001 */
		enum tls_fault fault;
	} rows[] = {
		{"010001", TLS_FAULT_NONE},      {"010003", TLS_FAULT_NONE},
		{"010000", TLS_FAULT_MALFORMED}, {"000001", TLS_FAULT_MALFORMED},
		{"810001", TLS_FAULT_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf der = maker_certificate("k=rsa2048", "k=rsa2048"),
					      exponent = {0};
		struct tls_certificate certificate;
		maker_put_hex(&exponent, str_of(rows[i].exponent));
		char *at = find_bytes(&der, STR("\x02\x03\x01\x00\x01"));
		assert_non_null(at);
		memcpy(at + 2, exponent.at, 3);
		assert_true(tls_certificate_read(buf_str(&der), &certificate));
		if (certificate.fault != rows[i].fault)
			fail_msg("%s: %d", rows[i].exponent, certificate.fault);
		at[-1] ^= 1; /* the modulus, which must be odd */
		assert_true(tls_certificate_read(buf_str(&der), &certificate));
		assert_int_equal(TLS_FAULT_MALFORMED, certificate.fault);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *names, *host;
		bool match;
	} rows[] = {
		{"dns=a.test", "a.test", true},
		{"dns=a.test", "A.TEST", true},
		{"dns=b.test dns=a.test", "a.test", true},
		{"dns=a.test", "b.a.test", false},
		{"dns=*.a.test", "x.a.test", true},
		{"dns=*.a.test", "a.test", false},
		{"dns=*.a.test", "x.y.a.test", false},
		{"dns=*.a.test", ".a.test", false},
		{"dns=*", "test", false},
		{"dns=x*.a.test", "xy.a.test", false},
		{"dns=a.*.test", "a.b.test", false},
		{"dns=*.test", "a.test", true},
		{"mail=a.test uri=a.test", "a.test", false},
		{"ip=10.0.0.1", "10.0.0.1", false},
		{"n=a.test", "a.test", false},
		{"dns=a.test.", "a.test", false},
		{"dns=", "", true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct tls_certificate certificate;
		struct buf der;
		take(rows[i].names, &der, &certificate);
		if (tls_names_match(&certificate, str_of(rows[i].host), (struct str){0}) !=
		    rows[i].match)
			fail_msg("%s, %s", rows[i].names, rows[i].host);
		assert_int_equal(
			strstr(rows[i].names, "ip=") != NULL,
			tls_names_match(&certificate, str_of(rows[i].host), STR("\x0a\0\0\1")));
		buf_finish(&der);
	}
}

#define FORTY "0123456789012345678901234567890123456789"

static void test_title(void **state)
{
	static const char *const rows[][2] = {
		{"n=A_CA o=Acme", "A_CA"},
		{"n= o=Acme", "(no name)"},
		{"n=a\"b\x01\n", "a\"b??"},
		{"n=" FORTY FORTY, FORTY "012345678901234567890123456789012345678"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct tls_certificate certificate;
		struct buf der;
		char title[TLS_CERTIFICATE_TITLE_SIZE];
		take(rows[i][0], &der, &certificate);
		tls_certificate_title(&certificate, title);
		assert_string_equal(rows[i][1], title);
		buf_finish(&der);
	}
}

/* The bytes are copied to the end of a block of their own, so that a read behind them is seen. */
static bool read_copy(struct str der)
{
	struct tls_certificate certificate;
	char *copy = malloc(der.len ? der.len : 1);
	assert_non_null(copy);
	if (der.len)
		memcpy(copy, der.at, der.len);
	bool good = tls_certificate_read((struct str){copy, der.len}, &certificate);
	if (good) {
		char title[TLS_CERTIFICATE_TITLE_SIZE];
		unsigned effort = TLS_NAMES_EFFORT;
		tls_certificate_title(&certificate, title);
		tls_names_match(&certificate, STR("reg.test"), STR("\x7f\0\0\1"));
		tls_names_allowed(&certificate, &certificate, &effort);
	}
	free(copy);
	return good;
}

static void test_damage(void **state)
{
	scoped(buf_finish) struct buf der = maker_certificate(
		"n=a o=b e=c@d bc!=ca/1 ku!=SC eku=server dns=a ip=10.0.0.1 dir=x uri=https://a/ "
		"permit-dns=a permit-ip=10.0.0.0/255.0.0.0 deny-dir=y deny-mail=z",
		"n=root");
	(void)state;
	for (size_t i = 0; i < der.len; i++) {
		assert_false(read_copy(str_head(buf_str(&der), i)));
		for (int bit = 0; bit < 8; bit++) {
			der.at[i] ^= (char)(1 << bit);
			read_copy(buf_str(&der));
			der.at[i] ^= (char)(1 << bit);
		}
	}
	assert_true(read_copy(buf_str(&der)));
	buf_add_char(&der, 0);
	assert_false(read_copy(buf_str(&der)));
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
	struct str value, number = STR("\x02\x02\x00\x80"), zero = STR("\x02\x01\x00");
	assert_true(tls_der_positive(&number, &value));
	assert_int_equal(1, value.len);
	assert_false(tls_der_positive(&zero, &value));
}

static void test_failures(void **state)
{
	char text[TLS_FAILURE_SIZE] = "";
	struct tls_failure failure = {
		.fault = TLS_FAULT_EXPIRED, .authority = "", .peer = "reg.io"};
	(void)state;
	assert_true(tls_failure_explain(&failure, text));
	assert_string_equal(
		"the certificate of reg.io has expired (check the local clock; otherwise the "
		"certificate must be renewed)",
		text);
	failure.fault = TLS_FAULT_PURPOSE;
	failure.authority = "Mail CA";
	assert_true(tls_failure_explain(&failure, text));
	assert_string_equal(
		"Mail CA, an authority above the certificate of reg.io, is not meant for "
		"servers (its extendedKeyUsage lacks serverAuth)",
		text);
	for (int fault = TLS_FAULT_MALFORMED; fault <= TLS_FAULT_UNTRUSTED; fault++)
		assert_true(*tls_fault_predicate(fault) && *tls_fault_advice(fault));
	failure = (struct tls_failure){.reason = TLS_REASON_ALERT + TLS_ALERT_HANDSHAKE_FAILURE,
				       .peer = "reg.io"};
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "no cipher suite"));
	failure.accepted = true;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "after it has shown its certificate"));
	failure.established = true;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "another handshake"));
	failure.asked = true;
	assert_true(tls_failure_explain(&failure, text));
	assert_non_null(strstr(text, "requires a client certificate"));
	failure.asked = failure.established = false;
	failure.reason = TLS_REASON_ALERT + TLS_ALERT_INTERNAL_ERROR;
	assert_int_equal(!tls_engine.modern, tls_failure_explain(&failure, text));
	if (!tls_engine.modern)
		assert_non_null(strstr(text, "extended master secret"));
	failure.established = true;
	static const int passing[] = {TLS_REASON_NONE, TLS_REASON_OTHER,
				      TLS_REASON_ALERT + TLS_ALERT_INTERNAL_ERROR};
	for (size_t i = 0; i < array_count(passing); i++) {
		failure.reason = passing[i];
		assert_false(tls_failure_explain(&failure, text));
	}
}

static int make_keys(void **state)
{
	(void)state;
	fixture_open();
	maker_add_key("leaf", P256);
	maker_add_key("rsa1024", "RSA -pkeyopt rsa_keygen_bits:1024");
	maker_add_key("rsa2048", "RSA -pkeyopt rsa_keygen_bits:2048");
	return 0;
}

static int release(void **state)
{
	(void)state;
	maker_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),           cmocka_unit_test(test_faults),
		cmocka_unit_test(test_many_extensions), cmocka_unit_test(test_structure),
		cmocka_unit_test(test_dates),           cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_names),           cmocka_unit_test(test_title),
		cmocka_unit_test(test_damage),          cmocka_unit_test(test_der),
		cmocka_unit_test(test_failures),
	};
	return cmocka_run_group_tests(tests, make_keys, release);
}
