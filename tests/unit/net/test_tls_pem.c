/* CA files as people have them: what can be read is, and nothing else takes trust away. */
#include "test_tls_maker.h"

#include "base/log.h"
#include "net/tls_engine.h"
#include "net/tls_pem.h"
#include "net/tls_trust.h"

static struct buf root, other, trusted, key, request, big, brainpool;

/* Parses text and compares the counts; returns whether the last anchor is an authority. */
static bool parse(struct str text, size_t count, size_t refused)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_anchors anchors = {0};
	struct error err = {0};
	assert_true(tls_pem_anchors(arena, text, &anchors, &err));
	assert_int_equal(count, anchors.count);
	assert_int_equal(refused, anchors.refused_count);
	return count && anchors.at[count - 1].authority;
}

/* The same for text in pieces, which end with NULL. */
static void parse_all(size_t count, size_t refused, ...)
{
	scoped(buf_finish) struct buf text = {0};
	va_list args;
	va_start(args, refused);
	for (const char *piece; (piece = va_arg(args, const char *));)
		buf_add_string(&text, piece);
	va_end(args);
	parse(buf_str(&text), count, refused);
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
	assert_true(parse(buf_str(&root), 1, 0));
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

static void test_refused(void **state)
{
	(void)state;
	parse_all(0, 0, "", NULL);
	parse_all(0, 0, "not a PEM file\n", NULL);
	parse_all(0, 0, key.at, NULL);
	size_t large = !tls_engine.modern; /* OpenSSL takes a key of 8192 bits */
	parse_all(1 - large, large, big.at, NULL);
	parse_all(0, 1, brainpool.at, NULL);
	parse_all(2 - large, 1 + large, big.at, root.at, brainpool.at, NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\n!garbage!\n-----END CERTIFICATE-----\n",
		  root.at, NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", root.at,
		  NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", root.at, NULL);
	parse_all(1, 1, root.at, "-----BEGIN CERTIFICATE-----\nMIIB", NULL);
	parse_all(1, 1, "-----BEGIN CERTIFICATE-----\nMIIB\n", root.at, NULL);
	parse_all(0, 0, "-----BEGIN -----\n-----END -----\n-----BEGIN ----\n", NULL);
}

/* Trailing bytes are a damaged certificate, or damaged settings behind it. */
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
		parse(buf_str(&text), 0, 1);
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
		assert_true(anchors.count + anchors.refused_count <= 1);
		text.at[i] ^= 1;
	}
}

#define POLICY "-subj /CN=policy -addext policyConstraints=critical,requireExplicitPolicy:0 "

/* What each certificate of a file is refused for, and by which name. */
static void test_reasons(void **state)
{
	static const struct {
		const char *name, *key, *options;
		enum tls_fault fault;
	} rows[] = {
		{"good", "other", "-subj /CN=good" AUTHORITY, TLS_FAULT_NONE},
		{"leaf", "other", "-subj /CN=leaf -addext basicConstraints=CA:FALSE",
		 TLS_FAULT_NONE},
		{"client", "other",
		 "-subj /CN=client -addext extendedKeyUsage=clientAuth" AUTHORITY,
		 TLS_FAULT_PURPOSE},
		{"weak", "weak", "-subj /CN=weak" AUTHORITY, TLS_FAULT_KEY_WEAK},
		{"critical", "other",
		 "-subj /CN=critical -addext 1.2.3.4=critical,DER:0500" AUTHORITY,
		 TLS_FAULT_CRITICAL},
		{"policy", "other", POLICY AUTHORITY, TLS_FAULT_POLICY},
		{"brainpool", "brainpool", "-subj /CN=brainpool" AUTHORITY, TLS_FAULT_KEY_KIND},
		{"big", "big", "-subj /CN=big" AUTHORITY, TLS_FAULT_KEY_LARGE},
		{"limited", "other",
		 "-subj /CN=limited -addext nameConstraints=critical,permitted\\;DNS:a" AUTHORITY,
		 TLS_FAULT_NONE},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct tls_anchors anchors;
	struct error err = {0};
	size_t refused = 0;
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		fixture_certificate("one", rows[i].key, NULL, rows[i].options);
		scoped(buf_finish) struct buf one = fixture_read("one.pem");
		buf_add_str(&text, buf_str(&one));
	}
	assert_true(tls_pem_anchors(arena, buf_str(&text), &anchors, &err));
	for (size_t i = 0; i < array_count(rows); i++) {
		if (!rows[i].fault || (tls_engine.modern && rows[i].fault == TLS_FAULT_KEY_LARGE))
			continue;
		assert_true(refused < anchors.refused_count);
		assert_int_equal(i + 1, anchors.refused[refused].number);
		assert_int_equal(rows[i].fault, anchors.refused[refused].fault);
		assert_string_equal(rows[i].name, anchors.refused[refused++].title);
	}
	assert_int_equal(refused, anchors.refused_count);
	assert_int_equal(array_count(rows) - refused, anchors.count);
}

/* OpenSSL's settings beside a certificate; "" for one that is an anchor. */
static void test_settings(void **state)
{
	static const struct {
		const char *settings;
		enum tls_fault fault;
	} rows[] = {
		{"-setalias name", TLS_FAULT_NONE},
		{"-addtrust serverAuth", TLS_FAULT_NONE},
		{"-addtrust anyExtendedKeyUsage", TLS_FAULT_NONE},
		{"-addtrust emailProtection -addtrust serverAuth", TLS_FAULT_NONE},
		{"-addtrust emailProtection", TLS_FAULT_DISTRUSTED},
		{"-addreject serverAuth", TLS_FAULT_DISTRUSTED},
		{"-addreject anyExtendedKeyUsage", TLS_FAULT_DISTRUSTED},
		{"-addreject emailProtection", TLS_FAULT_NONE},
		{"-addtrust serverAuth -addreject serverAuth", TLS_FAULT_DISTRUSTED},
		{"-addtrust emailProtection -setalias x", TLS_FAULT_DISTRUSTED},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct tls_anchors anchors;
		struct error err = {0};
		fixture_run("openssl x509 -in root.pem -trustout %s -out set.pem",
			    rows[i].settings);
		scoped(buf_finish) struct buf text = fixture_read("set.pem");
		assert_true(tls_pem_anchors(arena, buf_str(&text), &anchors, &err));
		bool good = rows[i].fault ? anchors.refused_count == 1 &&
						    anchors.refused[0].fault == rows[i].fault
					  : anchors.count == 1;
		if (!good)
			fail_msg("%s", rows[i].settings);
	}
}

/* The system's own bundle: every certificate of it is an anchor. */
static void test_bundle(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_anchors anchors;
	struct error err = {0};
	size_t count = 0;
	(void)state;
	if (!file_read("/etc/ssl/certs/ca-certificates.crt", &text, &err))
		skip();
	for (const char *at = buf_string(&text); (at = strstr(at, "-----BEGIN")); at++)
		count++;
	assert_true(tls_pem_anchors(arena, buf_str(&text), &anchors, &err));
	for (size_t i = 0; i < anchors.refused_count; i++)
		print_error("%s: %s\n", anchors.refused[i].title,
			    tls_fault_predicate(anchors.refused[i].fault));
	assert_int_equal(0, anchors.refused_count);
	assert_int_equal(count, anchors.count);
	for (size_t i = 0; i < anchors.count; i++)
		assert_true(anchors.at[i].authority && anchors.at[i].may_certify);
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
	fixture_path(bad, "brainpool.pem");
	fixture_run("touch empty.pem");
	expect_trust(good, "/nowhere/ca.pem", NULL);
	expect_trust(NULL, good, NULL);
	expect_trust(NULL, "/nowhere/ca.pem", "SSL_CERT_FILE: cannot open /nowhere/ca.pem");
	expect_trust("/nowhere/ca.pem", NULL, "cannot open /nowhere/ca.pem");
	expect_trust(empty, NULL, "empty.pem has no usable CA certificate");
	expect_trust(bad, NULL,
		     "brainpool.pem has no usable CA certificate: number 1 (brainpool) has a key "
		     "of a kind that is not supported");
}

/* What is told about a file while it is read. */
static void expect_told(const char *path, const char *words)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_anchors anchors = {0};
	struct error err = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	assert_non_null(stream);
	log_open(stream, LOG_WARN);
	struct tls_trust *trust = tls_trust_new(arena, path);
	assert_non_null(trust);
	assert_true(tls_trust_get(trust, &anchors, &err));
	assert_true(tls_trust_get(trust, &anchors, &err));
	tls_trust_finish(trust);
	log_open(stderr, LOG_ERROR);
	fclose(stream);
	const char *found = strstr(text, words);
	if (*words ? !found || strstr(found + 1, words) : len != 0)
		fail_msg("'%s', not '%s' once", text, words);
	free(text);
}

static void test_told(void **state)
{
	char path[4200];
	(void)state;
	fixture_path(path, "root.pem");
	expect_told(path, "");
	expect_told("/etc/ssl/certs/ca-certificates.crt", "");
	fixture_run("cat root.pem weak.pem brainpool.pem >mixed.pem");
	fixture_path(path, "mixed.pem");
	expect_told(
		path,
		"mixed.pem: 2 of 3 CA certificates cannot be used: number 2 (weak) has an RSA key "
		"below 2048 bits; number 3 (brainpool) has a key of a kind that is not "
		"supported\"\n");
	fixture_run("cat root.pem >many.pem; "
		    "for i in 1 2 3 4 5 6 7; do cat brainpool.pem >>many.pem; done");
	fixture_path(path, "many.pem");
	expect_told(path, "; and 2 more\"\n");
	fixture_path(path, "past.pem");
	expect_told(path, "past.pem: its CA certificate (leaf) has expired\"\n");
	fixture_run("cat past.pem past.pem >two.pem; cat past.pem root.pem >one.pem");
	fixture_path(path, "two.pem");
	expect_told(path,
		    "two.pem: none of its 2 CA certificates is valid now: the first (leaf) has "
		    "expired\"\n");
	fixture_path(path, "one.pem");
	expect_told(path, "");
}

static int make_files(void **state)
{
	(void)state;
	fixture_open();
	fixture_key("root", "RSA -pkeyopt rsa_keygen_bits:2048");
	fixture_key("other", P256);
	fixture_key("weak", "RSA -pkeyopt rsa_keygen_bits:1024");
	fixture_certificate("weak", "weak", NULL, "-subj /CN=weak" AUTHORITY);
	fixture_key("brainpool", "EC -pkeyopt ec_paramgen_curve:brainpoolP256r1");
	fixture_key("big", RSA8192);
	fixture_certificate("root", "root", NULL, "-subj /CN=root" AUTHORITY);
	fixture_certificate("other", "other", NULL, "-subj /CN=other" AUTHORITY);
	fixture_certificate("brainpool", "brainpool", NULL, "-subj /CN=brainpool" AUTHORITY);
	fixture_certificate("big", "big", NULL, "-subj /CN=big" AUTHORITY);
	fixture_run("openssl x509 -in root.pem -outform DER -out root.der");
	fixture_run("openssl x509 -in root.pem -trustout -setalias name -addtrust serverAuth "
		    "-out trusted.pem");
	fixture_run("openssl req -new -config cnf -key root.key -subj /CN=x -out request.pem");
	maker_add_key("leaf", P256);
	scoped(buf_finish) struct buf past = maker_certificate("bc=ca from=-2 to=-1", "");
	fixture_write("past.der", buf_str(&past));
	fixture_run("openssl x509 -inform DER -in past.der -out past.pem");
	root = fixture_read("root.pem");
	other = fixture_read("other.pem");
	trusted = fixture_read("trusted.pem");
	key = fixture_read("root.key");
	request = fixture_read("request.pem");
	big = fixture_read("big.pem");
	brainpool = fixture_read("brainpool.pem");
	assert_true(str_starts(buf_str(&trusted), "-----BEGIN TRUSTED CERTIFICATE-----"));
	log_open(stderr, LOG_ERROR);
	return 0;
}

static int release(void **state)
{
	struct buf *const all[] = {&root, &other, &trusted, &key, &request, &big, &brainpool};
	(void)state;
	for (size_t i = 0; i < array_count(all); i++)
		buf_finish(all[i]);
	maker_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_one_line), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_trailing), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_trust),    cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_settings), cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_told),
	};
	return cmocka_run_group_tests(tests, make_files, release);
}
