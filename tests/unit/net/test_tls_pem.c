/* CA files as people have them: what can be read is, and nothing else takes trust away. */
#include "test_tls_fixture.h"

#include "base/log.h"
#include "net/tls_pem.h"
#include "net/tls_trust.h"

static struct buf root, other, trusted, key, request, big, edwards;

/* Parses text and compares the counts; returns the last anchor's flags, 0 without any. */
static unsigned parse(struct str text, size_t count, size_t skipped)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_anchors anchors = {0};
	struct error err = {0};
	assert_true(tls_pem_anchors(arena, text, &anchors, &err));
	assert_int_equal(count, anchors.count);
	assert_int_equal(skipped, anchors.skipped);
	return count ? anchors.at[count - 1].flags : 0;
}

/* The same for text in pieces, which end with NULL. */
static void parse_all(size_t count, size_t skipped, ...)
{
	scoped(buf_finish) struct buf text = {0};
	va_list args;
	va_start(args, skipped);
	for (const char *piece; (piece = va_arg(args, const char *));)
		buf_add_string(&text, piece);
	va_end(args);
	parse(buf_str(&text), count, skipped);
}

/* text with each "\n" replaced by end and each line preceded by before. */
static struct buf rewrite(const struct buf *text, const char *before, const char *end)
{
	struct buf out = {0};
	struct str rest = buf_str(text), line;
	while (rest.len && str_cut(&rest, '\n', &line)) {
		buf_add_string(&out, before);
		buf_add_str(&out, line);
		buf_add_string(&out, end);
	}
	return out;
}

static void test_plain(void **state)
{
	(void)state;
	assert_int_equal(BR_X509_TA_CA, parse(buf_str(&root), 1, 0));
	parse_all(2, 0, root.at, other.at, NULL);
	parse_all(2, 0, root.at, root.at, NULL);
	parse_all(1, 0, "# a comment\n\nsubject=CN = x\n", root.at, "after\n", NULL);
	parse_all(1, 0, key.at, request.at, root.at, key.at, NULL);
	parse_all(1, 0, trusted.at, NULL);
}

static void test_line_ends(void **state)
{
	static const char *const ends[] = {"\r\n", "\r", " \n", "\t\r\n", "\n\n"};
	(void)state;
	for (size_t i = 0; i < array_count(ends); i++) {
		scoped(buf_finish) struct buf text = rewrite(&root, "", ends[i]);
		parse(buf_str(&text), 1, 0);
	}
	struct str cut = buf_str(&root);
	cut.len--;
	assert_int_equal('-', cut.at[cut.len - 1]);
	parse(cut, 1, 0);
	scoped(buf_finish) struct buf indented = rewrite(&root, " \t  ", "\n");
	parse(buf_str(&indented), 1, 0);
	parse_all(1, 0, "\xef\xbb\xbf", root.at, NULL);
}

static void test_one_line(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	struct str rest = buf_str(&root), line;
	(void)state;
	while (rest.len && str_cut(&rest, '\n', &line)) {
		bool dashes = str_starts(line, "-----");
		if (dashes && text.len)
			buf_add_char(&text, '\n');
		buf_add_str(&text, line);
		if (dashes)
			buf_add_char(&text, '\n');
	}
	parse(buf_str(&text), 1, 0);
}

static void test_skipped(void **state)
{
	(void)state;
	parse_all(0, 0, "", NULL);
	parse_all(0, 0, "not a PEM file\n", NULL);
	parse_all(0, 0, key.at, NULL);
	parse_all(0, 1, big.at, NULL);
	parse_all(0, 1, edwards.at, NULL);
	parse_all(1, 2, big.at, root.at, edwards.at, NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\n!garbage!\n-----END CERTIFICATE-----\n",
		  root.at, NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", root.at,
		  NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", root.at, NULL);
	parse_all(1, 1, root.at, "-----BEGIN CERTIFICATE-----\nMIIB", NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\nMIIB\n", root.at, NULL);
	parse_all(0, 0, "-----BEGIN -----\n-----END -----\n-----BEGIN ----\n", NULL);
}

/* Trailing bytes are a damaged certificate, unless the type says that something follows. */
static void test_trailing(void **state)
{
	static const char *const types[] = {"CERTIFICATE", "TRUSTED CERTIFICATE"};
	(void)state;
	for (size_t i = 0; i < array_count(types); i++) {
		scoped(buf_finish) struct buf der = fixture_read("root.der"), text = {0};
		for (int n = 0; n < 600; n++)
			buf_add_char(&der, 'x');
		buf_printf(&text, "-----BEGIN %s-----\n", types[i]);
		base64_encode(buf_str(&der), &text);
		buf_printf(&text, "\n-----END %s-----\n", types[i]);
		parse(buf_str(&text), i, 1 - i);
	}
}

/* Any cut and any changed byte: no more than the certificate is lost. */
static void test_damage(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	buf_add_str(&text, buf_str(&root));
	for (size_t i = 0; i < text.len; i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct tls_anchors anchors = {0};
		struct error err = {0};
		assert_true(tls_pem_anchors(arena, str_head(buf_str(&text), i), &anchors, &err));
		text.at[i] ^= 1;
		assert_true(tls_pem_anchors(arena, buf_str(&text), &anchors, &err));
		assert_true(anchors.count + anchors.skipped <= 1);
		text.at[i] ^= 1;
	}
}

static void expect_trust(const char *path, const char *variable, const char *complaint)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_anchors anchors = {0};
	struct error err = {0};
	if (variable)
		setenv("SSL_CERT_FILE", variable, 1);
	struct tls_trust *trust = tls_trust_new(arena, path);
	unsetenv("SSL_CERT_FILE");
	assert_non_null(trust);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(!complaint, tls_trust_get(trust, &anchors, &err));
		assert_int_equal(!complaint, anchors.count > 0);
		if (complaint) {
			assert_int_equal(ERROR_CONFIG, err.kind);
			assert_non_null(strstr(err.text, complaint));
		}
	}
	tls_trust_finish(trust);
}

static void test_trust(void **state)
{
	char good[4200], empty[4200], bad[4200];
	(void)state;
	fixture_path(good, "root.pem");
	fixture_path(empty, "empty.pem");
	fixture_path(bad, "edwards.pem");
	fixture_run("touch empty.pem");
	expect_trust(good, "/nowhere/ca.pem", NULL);
	expect_trust(NULL, good, NULL);
	expect_trust(NULL, "/nowhere/ca.pem", "SSL_CERT_FILE: cannot open /nowhere/ca.pem");
	expect_trust("/nowhere/ca.pem", NULL, "cannot open /nowhere/ca.pem");
	expect_trust(empty, NULL, "empty.pem has no usable CA certificate");
	expect_trust(bad, NULL, "1 skipped");
}

static int make_files(void **state)
{
	(void)state;
	fixture_open();
	fixture_key("root", "RSA -pkeyopt rsa_keygen_bits:2048");
	fixture_key("other", P256);
	fixture_key("edwards", "ED25519");
	fixture_key("big", RSA8192);
	fixture_certificate("root", "root", NULL, "-subj /CN=root" AUTHORITY);
	fixture_certificate("other", "other", NULL, "-subj /CN=other" AUTHORITY);
	fixture_certificate("edwards", "edwards", NULL, "-subj /CN=edwards" AUTHORITY);
	fixture_certificate("big", "big", NULL, "-subj /CN=big" AUTHORITY);
	fixture_run("openssl x509 -in root.pem -outform DER -out root.der");
	fixture_run("openssl x509 -in root.pem -trustout -setalias name -addtrust serverAuth "
		    "-out trusted.pem");
	fixture_run("openssl req -new -config cnf -key root.key -subj /CN=x -out request.pem");
	root = fixture_read("root.pem");
	other = fixture_read("other.pem");
	trusted = fixture_read("trusted.pem");
	key = fixture_read("root.key");
	request = fixture_read("request.pem");
	big = fixture_read("big.pem");
	edwards = fixture_read("edwards.pem");
	assert_true(str_starts(buf_str(&trusted), "-----BEGIN TRUSTED CERTIFICATE-----"));
	log_open(stderr, LOG_ERROR);
	return 0;
}

static int release(void **state)
{
	struct buf *const all[] = {&root, &other, &trusted, &key, &request, &big, &edwards};
	(void)state;
	for (size_t i = 0; i < array_count(all); i++)
		buf_finish(all[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_one_line), cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_trailing), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_trust),
	};
	return cmocka_run_group_tests(tests, make_files, release);
}
