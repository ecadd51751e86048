/*
 * RSA-PSS: what its parameters may say, and what of a signature is looked at. Each chain is judged
 * by "openssl verify" as well.
 */
#include "test_tls_verdicts.h"

#include "net/tls_engine.h"
#include "net/tls_pss.h"

/* Parameters in hexadecimal digits, in parts. */
#define SHA1 "300906052b0e03021a0500"
#define SHA224 "300d06096086480165030402040500"
#define SHA256 "300d06096086480165030402010500"
#define SHA384 "300d06096086480165030402020500"
#define SHA512 "300d06096086480165030402030500"
#define SHA512_256 "300d06096086480165030402060500"
#define SHA3_256 "300d06096086480165030402080500"
#define MD5 "300c06082a864886f70d02050500"
#define MGF1 "06092a864886f70d010108"
#define HASH_256 "a00f" SHA256
#define MASK_256 "a11c301a" MGF1 SHA256
#define SALT_32 "a203020120"
#define TRAILER "a303020101"
#define ALL_256 "3034" HASH_256 MASK_256 SALT_32

static const struct {
	const char *hex;
	struct tls_pss is;
} readable[] = {
	{ALL_256, {TLS_PSS_SHA256, TLS_PSS_SHA256, 32}},
	{"3039" HASH_256 MASK_256 SALT_32 TRAILER, {TLS_PSS_SHA256, TLS_PSS_SHA256, 32}},
	{"302f" HASH_256 MASK_256, {TLS_PSS_SHA256, TLS_PSS_SHA256, 20}},
	{"3016" HASH_256 SALT_32, {TLS_PSS_SHA256, TLS_PSS_SHA1, 32}},
	{"3011" HASH_256, {TLS_PSS_SHA256, TLS_PSS_SHA1, 20}},
	{"3011a00f" SHA224, {TLS_PSS_SHA224, TLS_PSS_SHA1, 20}},
	{"3011a00f" SHA384, {TLS_PSS_SHA384, TLS_PSS_SHA1, 20}},
	{"3011a00f" SHA512, {TLS_PSS_SHA512, TLS_PSS_SHA1, 20}},
	{"302ba00f" SHA512 "a1183016" MGF1 SHA1, {TLS_PSS_SHA512, TLS_PSS_SHA1, 20}},
	{"302fa00f" SHA224 "a11c301a" MGF1 SHA512, {TLS_PSS_SHA224, TLS_PSS_SHA512, 20}},
	/* A hash without NULL. */
	{"300fa00d300b0609608648016503040201", {TLS_PSS_SHA256, TLS_PSS_SHA1, 20}},
	/* Salts. */
	{"3016" HASH_256 "a203020100", {TLS_PSS_SHA256, TLS_PSS_SHA1, 0}},
	{"3016" HASH_256 "a203020114", {TLS_PSS_SHA256, TLS_PSS_SHA1, 20}},
	{"3016" HASH_256 "a20302017f", {TLS_PSS_SHA256, TLS_PSS_SHA1, 127}},
	{"3017" HASH_256 "a20402020080", {TLS_PSS_SHA256, TLS_PSS_SHA1, 128}},
	{"3017" HASH_256 "a20402027fff", {TLS_PSS_SHA256, TLS_PSS_SHA1, 32767}},
};

static const char *const unreadable[] = {
	/* Salts. */
	"3016" HASH_256 "a203020180",
	"3016" HASH_256 "a2030201ff",
	"3017" HASH_256 "a20402020020",
	"3017" HASH_256 "a20402028000",
	"3018" HASH_256 "a2050203008000",
	"301b" HASH_256 "a208020600ffffffffff",
	"3015" HASH_256 "a2020200",
	"3013" HASH_256 "a200",
	"3016" HASH_256 "a203040120",
	"3018" HASH_256 "a2050201200500",
	/* SHA-1, written out or not. */
	"3000",
	"3005" SALT_32,
	"300da00b" SHA1,
	"301e" MASK_256,
	/* Other hashes. */
	"3011a00f" SHA512_256,
	"3011a00f" SHA3_256,
	"3010a00e" MD5,
	"302fa00f" SHA256 "a11c301a" MGF1 SHA512_256,
	"302ea00f" SHA256 "a11b3019" MGF1 MD5,
	/* Parameters of a hash that are no NULL. */
	"3011a00f300d06096086480165030402010400",
	"3012a010300e0609608648016503040201050100",
	"3013a011300f060960864801650304020105000500",
	"3013a011" SHA256 "0500",
	"3004a0023000",
	"3002a000",
	/* Masks of another kind, or of nothing. */
	"302f" HASH_256 "a11c301a06092a864886f70d010109" SHA256,
	"3020" HASH_256 "a10d300b" MGF1,
	"3022" HASH_256 "a10f300d" MGF1 "0500",
	"3031" HASH_256 "a11e301c" MGF1 SHA256 "0500",
	"3031" HASH_256 "a11e301a" MGF1 SHA256 "0500",
	/* Other trailers. */
	"3016" HASH_256 "a303020102",
	"3016" HASH_256 "a303020100",
	"3017" HASH_256 "a3040202bc01",
	"3013" HASH_256 "a300",
	/* Fields in another order, twice, or unknown; bytes behind them; no SEQUENCE. */
	"3034" MASK_256 HASH_256 SALT_32,
	"3022" HASH_256 HASH_256,
	"3016" HASH_256 "a403020101",
	"3013" HASH_256 "0500",
	"3011" HASH_256 "0500",
	"3111" HASH_256,
	"3010" HASH_256,
	"3012" HASH_256,
	"308111" HASH_256,
	"3080" HASH_256 "0000",
	"0500",
	"",
};

static bool read_hex(const char *hex, size_t len, struct tls_pss *out)
{
	scoped(buf_finish) struct buf der = {0};
	maker_put_hex(&der, str_head(str_of(hex), len * 2));
	return tls_pss_read(buf_str(&der), out);
}

static void test_parameters(void **state)
{
	struct tls_pss pss;
	(void)state;
	for (size_t i = 0; i < array_count(readable); i++) {
		const char *hex = readable[i].hex;
		if (!read_hex(hex, strlen(hex), &pss))
			fail_msg("%s: refused", hex);
		assert_int_equal(readable[i].is.hash, pss.hash);
		assert_int_equal(readable[i].is.mask, pss.mask);
		assert_int_equal(readable[i].is.salt, pss.salt);
		for (size_t len = 0; len < strlen(hex) / 2; len++)
			assert_false(read_hex(hex, len, &pss));
	}
	for (size_t i = 0; i < array_count(unreadable); i++)
		if (read_hex(unreadable[i], strlen(unreadable[i]), &pss))
			fail_msg("%s: accepted", unreadable[i]);
}

/* What a key allows: its own hashes, and no shorter salt. */
static void test_limits(void **state)
{
	static const struct tls_pss rows[] = {
		{TLS_PSS_SHA256, TLS_PSS_SHA256, 32}, {TLS_PSS_SHA256, TLS_PSS_SHA256, 33},
		{TLS_PSS_SHA256, TLS_PSS_SHA256, 31}, {TLS_PSS_SHA384, TLS_PSS_SHA256, 32},
		{TLS_PSS_SHA256, TLS_PSS_SHA384, 32}, {TLS_PSS_SHA256, TLS_PSS_SHA1, 32},
	};
	scoped(buf_finish) struct buf limits = {0};
	(void)state;
	maker_put_hex(&limits, str_of(ALL_256));
	for (size_t i = 0; i < array_count(rows); i++) {
		assert_int_equal(i < 2, tls_pss_within(buf_str(&limits), &rows[i]));
		assert_true(tls_pss_within((struct str){0}, &rows[i]));
		assert_false(tls_pss_within(STR("\x30"), &rows[i]));
	}
}

/* What a key for PSS alone says of itself. */
static void test_keys(void **state)
{
	static const struct {
		const char *name;
		enum tls_fault fault;
	} rows[] = {
		{"pss", TLS_FAULT_NONE},
		{"pss256", TLS_FAULT_NONE},
		{"pss1", TLS_FAULT_KEY_KIND},
		{"pss-null", TLS_FAULT_KEY_KIND},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct tls_key key;
		struct str info = buf_str(&maker_key(str_of(rows[i].name))->info);
		assert_int_equal(rows[i].fault, tls_key_read(info, &key));
		assert_int_equal(rows[i].fault ? TLS_KEY_NONE : TLS_KEY_RSA_PSS, key.kind);
		assert_int_equal(strcmp(rows[i].name, "pss256") == 0, key.limits.len > 0);
	}
}

#define ROOT "n=root bc!=ca ku!=C k="

/* Words of the server's certificate and of its authority's, without the usual ones. */
static const char *const right[][2] = {
	/* Hashes. */
	{"h=sha224 pss=sha224/28", "rsa2048"},
	{"h=sha256 pss=sha256/32", "rsa2048"},
	{"h=sha384 pss=sha384/48", "rsa2048"},
	{"h=sha512 pss=sha512/64", "rsa2048"},
	/* Masks. */
	{"h=sha256 pss=sha1/32", "rsa2048"},
	{"h=sha256 pss=sha1/20 params=3011" HASH_256, "rsa2048"},
	{"h=sha256 pss=sha224/32", "rsa2048"},
	{"h=sha256 pss=sha384/32", "rsa2048"},
	{"h=sha256 pss=sha512/32", "rsa2048"},
	{"h=sha512 pss=sha256/64", "rsa2048"},
	/* Salts, up to the longest. */
	{"pss=sha256/0", "rsa2048"},
	{"pss=sha256/1", "rsa2048"},
	{"pss=sha256/20", "rsa2048"},
	{"pss=sha256/222", "rsa2048"},
	{"h=sha512 pss=sha512/190", "rsa2048"},
	/* Moduli that end within a byte, and one bit behind it. */
	{"pss=sha256/32", "rsa2049"},
	{"pss=sha256/0", "rsa2049"},
	{"pss=sha256/222", "rsa2049"},
	{"h=sha512 pss=sha512/64", "rsa2049"},
	{"pss=sha256/32", "rsa2050"},
	{"pss=sha256/223", "rsa2050"},
	{"pss=sha256/32", "rsa2055"},
	{"pss=sha256/223", "rsa2055"},
	{"h=sha384 pss=sha384/48", "rsa3072"},
	{"h=sha512 pss=sha512/64", "rsa4096"},
	{"h=sha512 pss=sha1/446", "rsa4096"},
	/* One that begins with a zero. */
	{"pss=sha256/32 flaw=same", "rsa2048"},
	/* Keys for PSS alone. */
	{"pss=sha256/32", "pss pss=sha256/32"},
	{"h=sha384 pss=sha1/0", "pss pss=sha256/32"},
	{"pss=sha256/32", "pss256 pss=sha256/32"},
	{"pss=sha256/40", "pss256 pss=sha256/32"},
	/* An RSA key of the server. */
	{"k=rsa2048 pss=sha256/32", "rsa2048"},
};

static const struct {
	const char *words[2];
	enum tls_fault fault;
} wrong[] = {
	/* Hashes. */
	{{"h=sha1 pss=sha1/20", "rsa2048"}, TLS_FAULT_ALGORITHM},
	{{"h=sha1 pss=sha256/32", "rsa2048"}, TLS_FAULT_ALGORITHM},
	{{"h=sha1 pss=sha1/20 params=3000", "rsa2048"}, TLS_FAULT_ALGORITHM},
	{{"pss=sha256/32 params=none", "rsa2048"}, TLS_FAULT_ALGORITHM},
	/* Masks. */
	{{"h=sha256 pss=sha384/32 params=" ALL_256, "rsa2048"}, TLS_FAULT_UNTRUSTED},
	/* Salts, up to the longest. */
	{{"pss=sha256/31 params=" ALL_256, "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/33 params=" ALL_256, "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/222 params=3035" HASH_256 MASK_256 "a204020200df", "rsa2048"},
	 TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/222 params=3035" HASH_256 MASK_256 "a20402027fff", "rsa2048"},
	 TLS_FAULT_UNTRUSTED},
	/* Everything that is looked at. */
	{{"pss=sha256/32 sig=bad", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 sig=bad", "rsa2049"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=short", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=trailer", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=one", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=first", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=last", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=salt", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=top", "rsa2048"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=top", "rsa2049"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=top", "rsa2050"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=top", "rsa2055"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 flaw=first", "rsa2049"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32 sig=inner", "rsa2048"}, TLS_FAULT_MALFORMED},
	/* Keys for PSS alone. */
	{{"", "pss pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/31", "pss256 pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	{{"h=sha384 pss=sha256/48", "pss256 pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha384/32", "pss256 pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	{{"", "pss256 pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	{{"pss=sha256/32", "pss1 pss=sha256/32"}, TLS_FAULT_UNTRUSTED},
	/* A weak authority. */
	{{"pss=sha256/32 sig=bad", "rsa1024"}, TLS_FAULT_UNTRUSTED},
};

static void expect_fault(const char *what, enum tls_fault fault, enum tls_fault found)
{
	if (found != fault)
		fail_msg("%s: %s, not %s", what, tls_fault_predicate(found),
			 tls_fault_predicate(fault));
}

static void add_chain(const char *const words[2])
{
	struct chain *chain = new_chain("reg.test");
	snprintf(chain->words[0], sizeof(chain->words[0]), "n=leaf dns=reg.test %s", words[0]);
	snprintf(chain->words[1], sizeof(chain->words[1]), ROOT "%s", words[1]);
	chain->count = 2;
	chain->sent = "0";
	chain->anchors = "1";
}

static void test_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(right); i++)
		add_chain(right[i]);
	judge_all();
	for (size_t i = 0; i < array_count(right); i++)
		expect_fault(right[i][0], TLS_FAULT_NONE, chains[i].ours);
}

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(wrong); i++)
		add_chain(wrong[i].words);
	judge_all();
	for (size_t i = 0; i < array_count(wrong); i++)
		expect_fault(wrong[i].words[0], wrong[i].fault, chains[i].ours);
}

/* A server's key for PSS alone: BearSSL has no such handshake, insecure or not. */
static void test_server(void **state)
{
	static const char *const words[] = {"k=pss", "rsa2048"};
	enum tls_fault fault = tls_engine.modern ? TLS_FAULT_NONE : TLS_FAULT_KEY_KIND;
	struct tls_handshake handshake = {0};
	struct tls_certificate server;
	(void)state;
	add_chain(words);
	judge_all();
	expect_fault("a server", fault, chains[0].ours);
	tls_handshake_init(&handshake, NULL, "reg.test", (struct str){0}, true);
	tls_handshake_begin(&handshake);
	tls_handshake_chain(&handshake, "reg.test");
	feed(&handshake, certificate_of(&chains[0], 0));
	expect_fault("an insecure server", fault, tls_handshake_judge(&handshake, &server));
	tls_handshake_finish(&handshake);
}

/* Every bit of a signature, and of what is signed. */
static void test_tampering(void **state)
{
	static const char *const keys[] = {"rsa2048", "rsa2049", "pss256"};
	(void)state;
	for (size_t i = 0; i < array_count(keys); i++) {
		struct tls_certificate leaf, root;
		char words[64];
		snprintf(words, sizeof(words), ROOT "%s", keys[i]);
		struct buf below = maker_certificate("n=leaf pss=sha256/32", words);
		struct buf above = maker_certificate(words, words);
		assert_true(tls_certificate_read(buf_str(&below), &leaf));
		assert_true(tls_certificate_read(buf_str(&above), &root));
		expect_fault(keys[i], TLS_FAULT_NONE, tls_engine_signature_check(&leaf, &root.key));
		for (size_t bit = 0; bit < leaf.signature.len * 8; bit++) {
			size_t at = (size_t)(leaf.signature.at - below.at) + bit / 8;
			below.at[at] ^= (char)(1 << bit % 8);
			expect_fault(keys[i], TLS_FAULT_SIGNATURE,
				     tls_engine_signature_check(&leaf, &root.key));
			below.at[at] ^= (char)(1 << bit % 8);
		}
		below.at[leaf.subject.at - below.at + (ptrdiff_t)leaf.subject.len - 1] ^= 1;
		expect_fault(keys[i], TLS_FAULT_SIGNATURE,
			     tls_engine_signature_check(&leaf, &root.key));
		buf_finish(&below);
		buf_finish(&above);
	}
}

static int make_rsa_keys(void **state)
{
	make_keys(state);
	maker_add_rsa_key("rsa2049", 2049);
	maker_add_rsa_key("rsa2050", 2050);
	maker_add_rsa_key("rsa2055", 2055);
	maker_add_key("rsa3072", "RSA -pkeyopt rsa_keygen_bits:3072");
	maker_add_key("rsa4096", "RSA -pkeyopt rsa_keygen_bits:4096");
	maker_add_pss_key("pss", "rsa2048", "");
	maker_add_pss_key("pss256", "rsa2048", ALL_256);
	maker_add_pss_key("pss1", "rsa2048", "3000");
	maker_add_pss_key("pss-null", "rsa2048", "0500");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_keys),       cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),      cmocka_unit_test(test_server),
		cmocka_unit_test(test_tampering),
	};
	return run_once_with(tests, array_count(tests), make_rsa_keys);
}
