/* Names within subtrees and without: what is clear, and what counts against a certificate. */
#include "test_tls_maker.h"

#include "net/tls_names.h"
#include "net/tls_subtree.h"

enum answer { IN, OUT, UNCLEAR };

struct row {
	const char *base, *name;
	enum answer answer;
};

static void check_rows(unsigned char tag, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tls_der base = {.tag = tag, .value = str_of(rows[i].base)};
		const struct tls_der name = {.tag = tag, .value = str_of(rows[i].name)};
		bool permitted = tls_subtree_holds(&base, &name, false);
		bool excluded = tls_subtree_holds(&base, &name, true);
		enum answer answer = permitted != excluded ? UNCLEAR : permitted ? IN : OUT;
		if (answer != rows[i].answer || (permitted && !excluded))
			fail_msg("%s in %s: %d, not %d", rows[i].name, rows[i].base, answer,
				 rows[i].answer);
	}
}

static void test_dns(void **state)
{
	static const struct row rows[] = {
		{"a.test", "a.test", IN},
		{"a.test", "A.Test", IN},
		{"a.test", "x.a.test", IN},
		{"a.test", "x.y.a.test", IN},
		{"a.test", "xa.test", OUT},
		{"a.test", "a.test.evil", OUT},
		{"a.test", "test", OUT},
		{"a.test", "", OUT},
		{".a.test", "a.test", OUT},
		{".a.test", "x.a.test", IN},
		{"", "anything", IN},
		{"test", "a.test", IN},
		{"a.test", "*.a.test", IN},
		{"x.a.test", "*.a.test", UNCLEAR},
		{"X.A.test", "*.a.TEST", UNCLEAR},
		{"x.y.a.test", "*.a.test", OUT},
		{".a.test", "*.a.test", IN},
		{".x.a.test", "*.a.test", OUT},
		{"a.test.", "a.test", UNCLEAR},
		{"*.a.test", "x.a.test", UNCLEAR},
		{"a..test", "x.a.test", UNCLEAR},
		{".", "a.test", UNCLEAR},
		{"a test", "a test", UNCLEAR},
		{"a_b.test", "x.a_b.test", IN},
	};
	(void)state;
	check_rows(TLS_DER_DNS_NAME, rows, array_count(rows));
}

static void test_mail(void **state)
{
	static const struct row rows[] = {
		{"a.test", "me@a.test", IN},        {"a.test", "me@A.TEST", IN},
		{"a.test", "me@x.a.test", OUT},     {".a.test", "me@x.a.test", IN},
		{".a.test", "me@a.test", OUT},      {".a.test", "me@.a.test", OUT},
		{"me@a.test", "me@a.test", IN},     {"me@a.test", "ME@a.test", OUT},
		{"me@a.test", "me@x.test", OUT},    {"", "me@a.test", UNCLEAR},
		{"@a.test", "me@a.test", UNCLEAR},  {"a.test", "a.test", UNCLEAR},
		{"a.test", "me@", UNCLEAR},         {"a.test", "@a.test", UNCLEAR},
		{"a.test", "me@x@a.test", UNCLEAR},
	};
	(void)state;
	check_rows(TLS_DER_EMAIL, rows, array_count(rows));
}

static void test_uri(void **state)
{
	static const struct row rows[] = {
		{"a.test", "https://a.test", IN},
		{"a.test", "https://A.test/x", IN},
		{"a.test", "https://a.test:5000/x", IN},
		{"a.test", "https://a.test?x", IN},
		{"a.test", "https://a.test#x", IN},
		{"a.test", "https://x.a.test/", OUT},
		{".a.test", "spiffe://x.a.test/y", IN},
		{".a.test", "https://a.test/", OUT},
		{"a.test", "https://evil.test/a.test", OUT},
		{"a.test", "https://me@a.test/", UNCLEAR},
		{"a.test", "https://[::1]/", UNCLEAR},
		{"a.test", "urn:a.test", UNCLEAR},
		{"a.test", "a.test", UNCLEAR},
		{"a.test", "https:///", UNCLEAR},
		{"a.test", "", UNCLEAR},
		{"", "https://a.test/", UNCLEAR},
	};
	(void)state;
	check_rows(TLS_DER_URI, rows, array_count(rows));
}

static void test_addresses(void **state)
{
	static const struct {
		const char *base, *name;
		bool valid, within;
	} rows[] = {
		{"10.0.0.0/255.0.0.0", "10.1.2.3", true, true},
		{"10.0.0.0/255.0.0.0", "11.1.2.3", true, false},
		{"10.1.2.3/255.0.0.0", "10.9.9.9", true, true},
		{"10.0.0.1/255.255.255.255", "10.0.0.1", true, true},
		{"10.0.0.1/255.255.255.255", "10.0.0.2", true, false},
		{"0.0.0.0/0.0.0.0", "1.2.3.4", true, true},
		{"0.0.0.0/0.0.0.0", "::1", true, false},
		{"::/::", "1.2.3.4", true, false},
		{"fd00::/ff00::", "fd12::1", true, true},
		{"fd00::/ff00::", "fe80::1", true, false},
		{"10.0.0.0/255.0.255.0", "10.1.0.1", false, true},
		{"10.0.0.0/0.0.0.255", "10.1.0.0", false, true},
		{"10.0.0.0", "10.0.0.0", false, false},
		{"::", "::", false, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf base = {0}, name = {0};
		maker_put_address(&base, str_of(rows[i].base));
		maker_put_address(&name, str_of(rows[i].name));
		struct tls_der a = {.tag = TLS_DER_IP_ADDRESS, .value = buf_str(&base)};
		struct tls_der b = {.tag = TLS_DER_IP_ADDRESS, .value = buf_str(&name)};
		assert_int_equal(rows[i].valid, tls_subtree_valid(&a));
		assert_int_equal(rows[i].within, tls_subtree_holds(&a, &b, false));
		assert_int_equal(rows[i].within, tls_subtree_holds(&a, &b, true));
		b.value.len--;
		assert_false(tls_subtree_holds(&a, &b, false));
		assert_true(tls_subtree_holds(&a, &b, true));
	}
}

/* Directory names in hex: each letter stands for an attribute. */
static void put_directory(struct buf *out, const char *letters)
{
	struct buf name = {0}, set = {0};
	for (; *letters; letters++) {
		struct str more = str_of("ACME  inc");
		switch (*letters) {
		case 'o':
			maker_put_attribute(&name, "2.5.4.10", 0x13, STR("Acme Inc"));
			break;
		case 'O':
			maker_put_attribute(&name, "2.5.4.10", 0x0c, more);
			break;
		case 'b':
			maker_put_attribute(&name, "2.5.4.10", 0x1e, STR("\0A\0c"));
			break;
		case 't':
			maker_put_attribute(&name, "2.5.4.10", 0x14, STR("Acme Inc"));
			break;
		case 'x':
			maker_put_attribute(&name, "2.5.4.10", 0x13, STR("Acme Inc."));
			break;
		case 's':
			maker_put_attribute(&name, "2.5.4.10", 0x13, STR(" Acme\tInc "));
			break;
		case 'c':
			maker_put_attribute(&name, "2.5.4.3", 0x13, STR("Acme Inc"));
			break;
		default: /* two attributes in one set */
			maker_put_attribute(&set, "2.5.4.10", 0x13, STR("Acme Inc"));
			maker_put_attribute(&set, "2.5.4.3", 0x13, STR("x"));
			for (size_t i = 0; i + 2 < set.len; i++) /* sets into one */
				if ((unsigned char)set.at[i] == 0x31)
					memmove(set.at + i, set.at + i + 2, set.len - i - 2),
						set.len -= 2;
			maker_move(&name, 0x31, &set);
		}
	}
	maker_move(out, 0x30, &name);
}

static void test_directories(void **state)
{
	static const struct row rows[] = {
		{"o", "o", IN},   {"o", "oc", IN},     {"o", "O", IN},      {"o", "s", IN},
		{"O", "oc", IN},  {"o", "x", OUT},     {"o", "c", OUT},     {"o", "co", OUT},
		{"oc", "o", OUT}, {"", "o", IN},       {"oc", "oc", IN},    {"oc", "oo", OUT},
		{"b", "b", IN},   {"b", "o", UNCLEAR}, {"o", "t", UNCLEAR}, {"t", "t", IN},
		{"2", "2", IN},   {"o", "2", UNCLEAR}, {"2", "o", UNCLEAR}, {"c", "oc", OUT},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf base = {0}, name = {0};
		put_directory(&base, rows[i].base);
		put_directory(&name, rows[i].name);
		struct tls_der a = {.tag = TLS_DER_DIRECTORY_NAME, .value = buf_str(&base)};
		struct tls_der b = {.tag = TLS_DER_DIRECTORY_NAME, .value = buf_str(&name)};
		bool in = tls_subtree_holds(&a, &b, false), hit = tls_subtree_holds(&a, &b, true);
		enum answer answer = in != hit ? UNCLEAR : in ? IN : OUT;
		if (answer != rows[i].answer)
			fail_msg("%s in %s: %d", rows[i].name, rows[i].base, answer);
	}
}

static void test_other_forms(void **state)
{
	static const unsigned char unknown[] = {0xa0, 0xa3, 0xa5, 0x88};
	(void)state;
	for (size_t i = 0; i < sizeof(unknown); i++) {
		const struct tls_der name = {.tag = unknown[i], .value = STR("x")};
		assert_true(tls_subtree_valid(&name));
		assert_false(tls_subtree_holds(&name, &name, false));
		assert_true(tls_subtree_holds(&name, &name, true));
	}
	static const unsigned char bad[] = {0x00, 0x30, 0x80, 0xa1, 0x84, 0x89, 0xa9, 0xff};
	for (size_t i = 0; i < sizeof(bad); i++)
		assert_false(tls_subtree_valid(&(struct tls_der){.tag = bad[i]}));
}

/* A hostile list of names below a hostile list of constraints ends. */
static void test_effort(void **state)
{
	scoped(buf_finish) struct buf names = {0}, subtrees = {0};
	(void)state;
	for (int i = 0; i < 2000; i++) {
		maker_put(&names, TLS_DER_DNS_NAME, STR("a"));
		maker_put_subtree(&subtrees, STR("dns"), STR("b"), false);
	}
	const struct tls_certificate authority = {.denied = buf_str(&subtrees)};
	const struct tls_certificate below = {.names = buf_str(&names)};
	unsigned effort = TLS_NAMES_EFFORT;
	assert_false(tls_names_allowed(&authority, &below, &effort));
	assert_int_equal(0, effort);
	effort = 4000 * 2000;
	assert_true(tls_names_allowed(&authority, &below, &effort));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns),         cmocka_unit_test(test_mail),
		cmocka_unit_test(test_uri),         cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_directories), cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_effort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
