/*
 * What servers insist on: versions of TLS, suites, groups, signatures, certificates of ours. One
 * table for both engines; a row says where they differ.
 */
#include "test_tls_rows.h"

#include "base/log.h"

#define ONLY_1_3 "offers only TLS 1.3"

static const struct {
	const char *name, *kind;
} keys[] = {
	{"root", RSA2048},
	{"int", RSA2048},
	{"leaf", RSA2048},
	{"p256", P256},
	{"p384", "EC -pkeyopt ec_paramgen_curve:P-384"},
	{"p521", "EC -pkeyopt ec_paramgen_curve:P-521"},
	{"pss", "RSA-PSS -pkeyopt rsa_keygen_bits:2048"},
	{"ed", "ED25519"},
};

static void test_protocol(void **state)
{
	static const struct row rows[] = {
		{"1.2", "leaf", .server = INT "-tls1_2"},
		{"X25519", "leaf", .server = INT "-groups X25519"},
		{"P-256", "leaf", .server = INT "-groups P-256"},
		{"P-384", "leaf", .server = INT "-groups P-384"},
		{"P-521", "leaf", .server = INT "-groups P-521"},
		{"AES-128", "leaf", .server = INT "-cipher ECDHE-RSA-AES128-GCM-SHA256"},
		{"AES-256", "leaf", .server = INT "-cipher ECDHE-RSA-AES256-GCM-SHA384"},
		{"ChaCha20", "leaf", .server = INT "-cipher ECDHE-RSA-CHACHA20-POLY1305"},
		{"RSA and SHA-512", "leaf", .server = INT "-tls1_2 -sigalgs RSA+SHA512"},
		{"ALPN", "leaf", .server = INT "-alpn http/1.1"},
		{"small records", "leaf", .server = INT "-max_send_frag 512"},
		{"no renegotiation", "leaf", .server = INT "-no_renegotiation"},
		{"client certificate optional", "leaf", .server = INT "-verify 1"},
		{"client certificate required", "leaf", .server = INT "-Verify 1",
		 .fails = "client certificate"},
		{"1.1", "leaf", .server = INT "-tls1_1 " WEAK, .fails = "no cipher suite",
		 .modern = "neither TLS 1.2 nor 1.3"},
		{"1.0", "leaf", .server = INT "-tls1 " WEAK, .fails = "no cipher suite",
		 .modern = "neither TLS 1.2 nor 1.3"},
		{"1.3", "leaf", .server = INT "-tls1_3", .fails = "offers only TLS 1.3",
		 .modern = ""},
		{"X448", "leaf", .server = INT "-groups X448", .fails = "no cipher suite"},
		{"brainpool", "leaf", .server = INT "-groups brainpoolP256r1",
		 .fails = "no cipher suite"},
		{"static RSA", "leaf", .server = INT "-tls1_2 -cipher AES128-GCM-SHA256",
		 .fails = "no cipher suite"},
		{"CBC", "leaf", .server = INT "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384",
		 .fails = "no cipher suite"},
		{"DHE", "leaf", .server = INT "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
		 .fails = "no cipher suite"},
		{"Camellia", "leaf", .server = INT "-tls1_2 -cipher ECDHE-RSA-CAMELLIA128-SHA256",
		 .fails = "no cipher suite"},
		{"AES256-SHA", "leaf", .server = INT "-tls1_2 -cipher AES256-SHA",
		 .fails = "no cipher suite"},
		{"PSS alone", "leaf", .server = INT "-sigalgs RSA-PSS+SHA256",
		 .fails = "no cipher suite", .modern = ""},
		{"1.3, AES-256", "leaf",
		 .server = INT "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, ChaCha20", "leaf",
		 .server = INT "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, CCM", "leaf", .server = INT "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256",
		 .fails = ONLY_1_3, .modern = "no cipher suite"},
		{"1.3, X25519", "leaf", .server = INT "-tls1_3 -groups X25519", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, P-256 by another hello", "leaf", .server = INT "-tls1_3 -groups P-256",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, P-384 by another hello", "leaf", .server = INT "-tls1_3 -groups P-384",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, P-521 by another hello", "leaf", .server = INT "-tls1_3 -groups P-521",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, X448", "leaf", .server = INT "-tls1_3 -groups X448", .fails = ONLY_1_3,
		 .modern = "no cipher suite"},
		{"1.3, P-256 leaf", "leaf-p256", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, P-384 leaf", "leaf-p384", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, P-521 leaf", "leaf-p521", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, Ed25519 leaf", "leaf-ed", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, PSS leaf", "leaf-pss", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = ""},
		{"1.3, expired", "expired", .server = INT "-tls1_3", .fails = ONLY_1_3,
		 .modern = "has expired"},
		{"1.3, another name", "leaf", .server = INT "-tls1_3", .host = "other.test",
		 .fails = ONLY_1_3, .modern = "for other names"},
		{"1.3, untrusted", "leaf", .server = INT "-tls1_3", .trust = "other-root.pem",
		 .fails = ONLY_1_3, .modern = "trusted authority"},
		{"1.3, client certificate required", "leaf", .server = INT "-tls1_3 -Verify 1",
		 .fails = ONLY_1_3, .modern = "client certificate"},
		{"1.3, client certificate optional", "leaf", .server = INT "-tls1_3 -verify 1",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, no tickets", "leaf", .server = INT "-tls1_3 -num_tickets 0",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, h2 alone", "leaf", .server = INT "-tls1_3 -alpn h2", .fails = ONLY_1_3,
		 .modern = "HTTP/1.1"},
		{"1.3, no middlebox", "leaf", .server = INT "-tls1_3 -no_middlebox",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.3, small records", "leaf", .server = INT "-tls1_3 -max_send_frag 512",
		 .fails = ONLY_1_3, .modern = ""},
		{"1.2, client certificate required", "leaf", .server = INT "-tls1_2 -Verify 1",
		 .fails = "client certificate"},
		{"1.2, PSS alone", "leaf", .server = INT "-tls1_2 -sigalgs RSA-PSS+SHA256",
		 .fails = "no cipher suite", .modern = ""},
		{"1.2, Ed25519 leaf", "leaf-ed", .server = INT "-tls1_2",
		 .fails = "no cipher suite", .modern = ""},
		{"1.2, no tickets", "leaf", .server = INT "-tls1_2 -no_ticket"},
		{"1.2, SHA-1", "leaf", .server = INT WEAK "-tls1_2 -sigalgs RSA+SHA1",
		 .fails = "no cipher suite"},
		{"h2 alone", "leaf", .server = INT "-alpn h2", .fails = "HTTP/1.1"},
	};
	(void)state;
	run_rows(rows, array_count(rows));
}

static int make_files(void **state)
{
	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	log_open(stderr, LOG_ERROR);
	fixture_open();
	for (size_t i = 0; i < array_count(keys); i++)
		fixture_key(keys[i].name, keys[i].kind);
	fixture_certificate("root", "root", NULL, "-subj /CN=root" AUTHORITY);
	fixture_certificate("other-root", "p256", NULL, "-subj /CN=other-root" AUTHORITY);
	fixture_certificate("int", "int", "root", "-subj /CN=int" AUTHORITY);
	fixture_certificate("leaf", "leaf", "int", "-subj /CN=leaf" NAME);
	fixture_certificate("leaf-p256", "p256", "int", "-subj /CN=leaf" NAME);
	fixture_certificate("leaf-p384", "p384", "int", "-subj /CN=leaf" NAME);
	fixture_certificate("leaf-p521", "p521", "int", "-subj /CN=leaf" NAME);
	fixture_certificate("leaf-pss", "pss", "int", "-subj /CN=leaf" NAME);
	fixture_certificate("leaf-ed", "ed", "int", "-subj /CN=leaf" NAME);
	make_expired("expired", "leaf", "int", "-subj /CN=leaf" NAME);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protocol),
	};
	return cmocka_run_group_tests(tests, make_files, NULL);
}
