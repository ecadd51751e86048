/*
 * What servers send, and what is made of it: certificates of every kind, chains, names.
 * One table for both engines; a row says where they differ.
 */
#include "test_tls_rows.h"

#include "base/log.h"

#define LONG_NAME                                                                                  \
	"/OU=0123456789012345678901234567890123456789012345678901234567890"                        \
	"/OU=1123456789012345678901234567890123456789012345678901234567890"                        \
	"/OU=2123456789012345678901234567890123456789012345678901234567890"                        \
	"/OU=3123456789012345678901234567890123456789012345678901234567890"                        \
	"/OU=4123456789012345678901234567890123456789012345678901234567890"
#define PSS "-sigopt rsa_padding_mode:pss "
#define SALT "-sigopt rsa_pss_saltlen:"
#define MASK "-sigopt rsa_mgf1_md:"
#define LONGER_NAME "-subj /CN=long" LONG_NAME LONG_NAME LONG_NAME LONG_NAME " "

static const char *const keys[][2] = {
	{"root", RSA2048},
	{"int", RSA2048},
	{"leaf", RSA2048},
	{"r1024", "RSA -pkeyopt rsa_keygen_bits:1024"},
	{"r3072", "RSA -pkeyopt rsa_keygen_bits:3072"},
	{"r4096", "RSA -pkeyopt rsa_keygen_bits:4096"},
	{"r8192", RSA8192},
	{"e3", RSA2048 " -pkeyopt rsa_keygen_pubexp:3"},
	{"p256", P256},
	{"p384", "EC -pkeyopt ec_paramgen_curve:P-384"},
	{"p521", "EC -pkeyopt ec_paramgen_curve:P-521"},
	{"brain", "EC -pkeyopt ec_paramgen_curve:brainpoolP256r1"},
	/* Of two primes they would have an even number of bits. */
	{"r2049", "RSA -pkeyopt rsa_keygen_bits:2049 -pkeyopt rsa_keygen_primes:3"},
	{"r2055", "RSA -pkeyopt rsa_keygen_bits:2055 -pkeyopt rsa_keygen_primes:3"},
	{"pss", "RSA-PSS -pkeyopt rsa_keygen_bits:2048"},
	{"pss384", "RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 "
		   "-pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48"},
	{"pss1", "RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha1"},
	{"ed", "ED25519"},
};

static const struct {
	const char *name, *key, *issuer, *options;
} certificates[] = {
	{"root", "root", NULL, "-subj /CN=root" AUTHORITY},
	{"twin-root", "e3", NULL, "-subj /CN=root" AUTHORITY},
	{"other-root", "e3", NULL, "-subj /CN=other-root" AUTHORITY},
	{"int", "int", "root", "-subj /CN=int" AUTHORITY},
	{"leaf", "leaf", "int", "-subj /CN=leaf" NAME},
	{"root-r3072", "r3072", NULL, "-subj /CN=root-r3072" AUTHORITY},
	{"int-r3072", "r3072", "root-r3072", "-subj /CN=int-r3072" AUTHORITY},
	{"leaf-r3072", "r3072", "int-r3072", "-subj /CN=leaf" NAME},
	{"root-r4096", "r4096", NULL, "-subj /CN=root-r4096" AUTHORITY},
	{"int-r4096", "r4096", "root-r4096", "-subj /CN=int-r4096" AUTHORITY},
	{"leaf-r4096", "r4096", "int-r4096", "-subj /CN=leaf" NAME},
	{"root-p256", "p256", NULL, "-subj /CN=root-p256" AUTHORITY},
	{"int-p256", "p256", "root-p256", "-subj /CN=int-p256" AUTHORITY},
	{"leaf-p256", "p256", "int-p256", "-subj /CN=leaf" NAME},
	{"root-p384", "p384", NULL, "-subj /CN=root-p384" AUTHORITY},
	{"int-p384", "p384", "root-p384", "-subj /CN=int-p384" AUTHORITY},
	{"leaf-p384", "p384", "int-p384", "-subj /CN=leaf" NAME},
	{"root-p521", "p521", NULL, "-subj /CN=root-p521" AUTHORITY},
	{"int-p521", "p521", "root-p521", "-subj /CN=int-p521" AUTHORITY},
	{"leaf-p521", "p521", "int-p521", "-subj /CN=leaf" NAME},
	{"leaf-e3", "e3", "int", "-subj /CN=leaf" NAME},
	{"leaf-sha224", "leaf", "int", "-sha224 -subj /CN=leaf" NAME},
	{"leaf-sha384", "leaf", "int", "-sha384 -subj /CN=leaf" NAME},
	{"leaf-sha512", "leaf", "int", "-sha512 -subj /CN=leaf" NAME},
	{"leaf-sha1", "leaf", "int", "-sha1 -subj /CN=leaf" NAME},
	{"leaf-md5", "leaf", "int", "-md5 -subj /CN=leaf" NAME},
	{"leaf-pss-signed", "leaf", "int", PSS "-subj /CN=leaf" NAME},
	{"leaf-pss-224", "leaf", "int", PSS "-sha224 -subj /CN=leaf" NAME},
	{"leaf-pss-384", "leaf", "int", PSS SALT "48 -sha384 -subj /CN=leaf" NAME},
	{"leaf-pss-512", "leaf", "int", PSS SALT "64 -sha512 -subj /CN=leaf" NAME},
	{"leaf-pss-0", "leaf", "int", PSS SALT "0 -subj /CN=leaf" NAME},
	{"leaf-pss-long", "leaf", "int", PSS SALT "222 -subj /CN=leaf" NAME},
	{"leaf-pss-mask", "leaf", "int", PSS MASK "sha512 -subj /CN=leaf" NAME},
	{"leaf-pss-mask1", "leaf", "int", PSS MASK "sha1 -subj /CN=leaf" NAME},
	{"leaf-pss-sha1", "leaf", "int", PSS "-sha1 -subj /CN=leaf" NAME},
	{"leaf-pss-other", "leaf", "int", PSS "-sha512-256 -subj /CN=leaf" NAME},
	{"root-r2049", "r2049", NULL, PSS "-subj /CN=root-r2049" AUTHORITY},
	{"int-r2055", "r2055", "root-r2049", PSS "-subj /CN=int-r2055" AUTHORITY},
	{"by-r2055", "leaf", "int-r2055", PSS "-subj /CN=leaf" NAME},
	{"root-pss", "pss", NULL, "-subj /CN=root-pss" AUTHORITY},
	{"int-pss384", "pss384", "root-pss", "-subj /CN=int-pss384" AUTHORITY},
	{"by-pss384", "leaf", "int-pss384", "-sha384 -subj /CN=leaf" NAME},
	{"int-pss1", "pss1", "root-pss", "-subj /CN=int-pss1" AUTHORITY},
	{"by-pss1", "leaf", "int-pss1", "-sha1 -subj /CN=leaf" NAME},
	{"leaf-r1024", "r1024", "int", "-subj /CN=leaf" NAME},
	{"leaf-r8192", "r8192", "int", "-subj /CN=leaf" NAME},
	{"leaf-brain", "brain", "int", "-subj /CN=leaf" NAME},
	{"leaf-pss", "pss", "int", "-subj /CN=leaf" NAME},
	{"leaf-ed", "ed", "int", "-subj /CN=leaf" NAME},
	{"root-ed", "ed", NULL, "-subj /CN=root-ed" AUTHORITY},
	{"by-ed", "leaf", "root-ed", "-subj /CN=leaf" NAME},
	{"root-r8192", "r8192", NULL, "-subj /CN=root-r8192" AUTHORITY},
	{"by-r8192", "leaf", "root-r8192", "-subj /CN=leaf" NAME},
	{"int-r8192", "r8192", "root", "-subj /CN=int-r8192" AUTHORITY},
	{"by-int-r8192", "leaf", "int-r8192", "-subj /CN=leaf" NAME},
	{"root-sha1", "root", NULL, "-sha1 -subj /CN=root" AUTHORITY},
	/* X2 is an authority of its own and also signed by X1, as public ones are. */
	{"x1", "r4096", NULL, "-subj /CN=x1" AUTHORITY},
	{"x2", "p384", NULL, "-subj /CN=x2" AUTHORITY},
	{"x2-cross", "p384", "x1", "-subj /CN=x2" AUTHORITY},
	{"e1", "p256", "x2", "-subj /CN=e1" AUTHORITY},
	{"leaf-e1", "leaf", "e1", "-subj /CN=leaf" NAME},
	{"self", "leaf", NULL, "-subj /CN=self" NAME},
	{"self-ca", "leaf", NULL, "-subj /CN=self -addext basicConstraints=critical,CA:TRUE" NAME},
	{"leaf-long", "leaf", "int", LONGER_NAME NAME},
	{"root-long", "root", NULL, LONGER_NAME AUTHORITY},
	{"by-long", "leaf", "root-long", "-subj /CN=leaf" NAME},
	{"leaf-utf8", "leaf", "int", "-subj /CN=Zürich/O=株式会社" NAME},
	{"leaf-policy", "leaf", "int",
	 "-subj /CN=leaf -addext certificatePolicies=critical,1.2.3" NAME},
	{"int-constrained", "int", "root",
	 "-subj /CN=int-c -addext nameConstraints=permitted\\;DNS:example.org" AUTHORITY},
	{"by-constrained", "leaf", "int-constrained", "-subj /CN=leaf" NAME},
	{"int-critical", "int", "root",
	 "-subj /CN=int-x -addext nameConstraints=critical,permitted\\;DNS:localhost" AUTHORITY},
	{"by-critical", "leaf", "int-critical", "-subj /CN=leaf" NAME},
	{"int-policy", "int", "root",
	 "-subj /CN=int-p -addext policyConstraints=critical,requireExplicitPolicy:3" AUTHORITY},
	{"by-policy", "leaf", "int-policy", "-subj /CN=leaf" NAME},
	{"leaf-unknown", "leaf", "int", "-subj /CN=leaf -addext 1.2.3.4=critical,DER:0500" NAME},
	{"cn", "leaf", "int", "-subj /CN=localhost"},
	{"cn-basic", "leaf", "int", "-subj /CN=localhost -addext basicConstraints=CA:FALSE"},
	{"cn-other", "leaf", "int", "-subj /CN=localhost -addext subjectAltName=DNS:other.test"},
	{"eku-client", "leaf", "int", "-subj /CN=leaf -addext extendedKeyUsage=clientAuth" NAME},
	{"eku-both", "leaf", "int",
	 "-subj /CN=leaf -addext extendedKeyUsage=clientAuth,serverAuth" NAME},
	{"eku-any", "leaf", "int",
	 "-subj /CN=leaf -addext extendedKeyUsage=anyExtendedKeyUsage" NAME},
	{"eku-critical", "leaf", "int",
	 "-subj /CN=leaf -addext extendedKeyUsage=critical,serverAuth" NAME},
	{"int-short", "int", "root",
	 "-subj /CN=int-s -addext basicConstraints=critical,CA:TRUE,pathlen:0"},
	{"int-short-2", "e3", "int-short", "-subj /CN=int-s2" AUTHORITY},
	{"by-short", "leaf", "int-short-2", "-subj /CN=leaf" NAME},
	{"int-plain", "int", "root", "-subj /CN=int-plain"},
	{"by-plain", "leaf", "int-plain", "-subj /CN=leaf" NAME},
	{"wild", "leaf", "int",
	 "-subj /CN=leaf -addext "
	 "'subjectAltName=DNS:*.example.com,DNS:*.UPPER.test,DNS:w*.part.test,DNS:*.com'"},
	{"second", "leaf", "root", "-subj /CN=leaf -addext subjectAltName=DNS:second.test"},
	{"ip", "leaf", "int",
	 "-subj /CN=leaf -addext subjectAltName=IP:127.0.0.1,IP:::1,DNS:10.0.0.9"},
};

static void test_keys(void **state)
{
	static const struct row rows[] = {
		{"RSA-2048", "leaf", .server = INT},
		{"RSA-3072", "leaf-r3072", .server = "-cert_chain int-r3072.pem",
		 .trust = "root-r3072.pem"},
		{"RSA-4096", "leaf-r4096", .server = "-cert_chain int-r4096.pem",
		 .trust = "root-r4096.pem"},
		{"P-256", "leaf-p256", .server = "-cert_chain int-p256.pem",
		 .trust = "root-p256.pem"},
		{"P-384", "leaf-p384", .server = "-cert_chain int-p384.pem",
		 .trust = "root-p384.pem"},
		{"P-521", "leaf-p521", .server = "-cert_chain int-p521.pem",
		 .trust = "root-p521.pem"},
		{"exponent 3", "leaf-e3", .server = INT},
		{"SHA-224", "leaf-sha224", .server = INT WEAK},
		{"SHA-384", "leaf-sha384", .server = INT},
		{"SHA-512", "leaf-sha512", .server = INT},
		{"Ed25519 root beside", "leaf", .server = INT, .trust = "with-ed.pem"},
		{"RSA-8192 root beside", "leaf", .server = INT, .trust = "with-r8192.pem"},
		{"RSA-1024", "leaf-r1024", .server = INT WEAK, .fails = "below 2048 bits"},
		{"SHA-1", "leaf-sha1", .server = INT WEAK,
		 .fails = "algorithm that is not supported"},
		{"MD5", "leaf-md5", .server = INT WEAK, .fails = "algorithm that is not supported"},
		{"PSS", "leaf-pss-signed", .server = INT},
		{"PSS, SHA-224", "leaf-pss-224", .server = INT WEAK},
		{"PSS, SHA-384", "leaf-pss-384", .server = INT},
		{"PSS, SHA-512", "leaf-pss-512", .server = INT},
		{"PSS, no salt", "leaf-pss-0", .server = INT WEAK},
		{"PSS, all salt", "leaf-pss-long", .server = INT WEAK},
		{"PSS, another mask", "leaf-pss-mask", .server = INT WEAK},
		{"PSS, mask of SHA-1", "leaf-pss-mask1", .server = INT WEAK},
		{"PSS, SHA-1", "leaf-pss-sha1", .server = INT WEAK,
		 .fails = "algorithm that is not supported"},
		{"PSS, SHA-512/256", "leaf-pss-other", .server = INT WEAK,
		 .fails = "algorithm that is not supported"},
		{"PSS, odd moduli", "by-r2055", .server = "-cert_chain int-r2055.pem",
		 .trust = "root-r2049.pem"},
		{"PSS, damaged", "damaged-pss", .server = INT, .fails = "wrong signature"},
		{"authorities for PSS", "by-pss384", .server = "-cert_chain int-pss384.pem",
		 .trust = "root-pss.pem"},
		{"authority for PSS with SHA-1", "by-pss1",
		 .server = "-cert_chain int-pss1.pem " WEAK, .trust = "root-pss.pem",
		 .fails = "algorithm that is not supported"},
		{"Ed25519 root", "by-ed", .server = "", .trust = "with-ed.pem",
		 .fails = "algorithm that is not supported", .modern = ""},
		{"RSA-8192 root", "by-r8192", .server = "", .trust = "with-r8192.pem",
		 .fails = "RSA key above 4096 bits", .modern = ""},
		{"PSS key", "leaf-pss", .server = INT, .fails = "no cipher suite", .modern = ""},
		{"Ed25519 key", "leaf-ed", .server = INT, .fails = "no cipher suite", .modern = ""},
		{"brainpool key", "leaf-brain", .server = INT, .fails = "no cipher suite"},
		{"Ed25519 key, insecure", "leaf-ed", .server = INT, .insecure = true,
		 .fails = "no cipher suite", .modern = ""},
		{"RSA-8192 key", "leaf-r8192", .server = INT, .fails = "RSA key above 4096 bits",
		 .modern = ""},
		{"RSA-8192 key, insecure", "leaf-r8192", .server = INT, .insecure = true,
		 .fails = "RSA key above 4096 bits", .modern = ""},
		{"RSA-8192 intermediate", "by-int-r8192", .server = "-cert_chain int-r8192.pem",
		 .fails = "RSA key above 4096 bits", .modern = ""},
	};
	(void)state;
	run_rows(rows, array_count(rows));
}

static void test_chains(void **state)
{
	static const struct row rows[] = {
		{"root sent", "leaf", .server = "-cert_chain int-root.pem"},
		{"SHA-1 root", "leaf", .server = INT, .trust = "root-sha1.pem"},
		{"cross, X1", "leaf-e1", .server = "-cert_chain e1-cross.pem", .trust = "x1.pem"},
		{"cross, X2", "leaf-e1", .server = "-cert_chain e1-cross.pem", .trust = "x2.pem"},
		{"cross, both", "leaf-e1", .server = "-cert_chain e1-cross.pem",
		 .trust = "x1-x2.pem"},
		{"short, X2", "leaf-e1", .server = "-cert_chain e1.pem", .trust = "x2.pem"},
		{"expired cross, X2", "leaf-e1", .server = "-cert_chain e1-expired.pem",
		 .trust = "x2.pem"},
		{"expired cross, both", "leaf-e1", .server = "-cert_chain e1-expired.pem",
		 .trust = "x1-x2.pem"},
		{"expired cross, X1", "leaf-e1", .server = "-cert_chain e1-expired.pem",
		 .trust = "x1.pem", .fails = "has expired"},
		{"intermediate as anchor", "leaf", .server = "", .trust = "int.pem"},
		{"leaf as anchor", "leaf", .server = "", .trust = "leaf.pem"},
		{"unrelated behind", "leaf", .server = "-cert_chain int-self.pem"},
		{"duplicate", "leaf", .server = "-cert_chain int-int.pem"},
		{"self-signed as anchor", "self", .server = "", .trust = "self.pem"},
		{"self-signed CA as anchor", "self-ca", .server = "", .trust = "self-ca.pem"},
		{"self-signed, insecure", "self", .server = "", .insecure = true},
		{"15 intermediates", "deep", .server = "-cert_chain deep-chain.pem"},
		{"20 certificates", "deep", .server = "-cert_chain full-chain.pem"},
		{"21 certificates", "deep", .server = "-cert_chain long-chain.pem",
		 .fails = "too large"},
		{"long DN", "leaf-long", .server = INT},
		{"long DN of the anchor", "by-long", .server = "", .trust = "root-long.pem"},
		{"UTF-8 DN", "leaf-utf8", .server = INT},
		{"critical policies", "leaf-policy", .server = INT},
		{"wrong order", "leaf", .server = "-cert_chain root-int.pem"},
		{"unrelated before", "leaf", .server = "-cert_chain self-int.pem"},
		{"critical constraints", "by-critical", .server = "-cert_chain int-critical.pem"},
		{"violated constraints", "by-constrained",
		 .server = "-cert_chain int-constrained.pem", .fails = "nameConstraints"},
		{"no intermediate", "leaf", .server = "", .fails = "trusted authority"},
		{"self-signed", "self", .server = "", .fails = "trusted authority"},
		{"another root of this name", "leaf", .server = "-cert_chain int.pem ",
		 .trust = "twin-root.pem", .fails = "trusted authority"},
		{"another root", "leaf", .server = INT, .trust = "other-root.pem",
		 .fails = "trusted authority"},
		{"critical policy constraints", "by-policy", .server = "-cert_chain int-policy.pem",
		 .fails = "certificate policies"},
		{"unknown critical", "leaf-unknown", .server = INT, .fails = "critical extension"},
		{"pathlen", "by-short", .server = "-cert_chain short-chain.pem",
		 .fails = "pathLenConstraint"},
		{"not an authority", "by-plain", .server = "-cert_chain int-plain.pem",
		 .fails = "CA:TRUE"},
		{"expired", "expired", .server = INT, .fails = "has expired"},
	};
	(void)state;
	run_rows(rows, array_count(rows));
}

static void test_names(void **state)
{
	static const struct row rows[] = {
		{"wildcard", "wild", .server = INT, .host = "a.example.com"},
		{"wildcard, case", "wild", .server = INT, .host = "A.EXAMPLE.COM"},
		{"wildcard, case", "wild", .server = INT, .host = "x.upper.test"},
		{"wildcard of a top level", "wild", .server = INT, .host = "example.com"},
		{"underscore", "wild", .server = INT, .host = "a_b.example.com"},
		{"final dot", "wild", .server = INT, .host = "a.example.com."},
		{"two labels", "wild", .server = INT, .host = "a.b.example.com",
		 .fails = "for other names"},
		{"partial wildcard", "wild", .server = INT, .host = "w1.part.test",
		 .fails = "for other names"},
		{"another name", "wild", .server = INT, .host = "other.test",
		 .fails = "for other names"},
		{"another name, insecure", "wild", .server = INT, .host = "other.test",
		 .insecure = true},
		{"CN alone", "cn", .server = INT, .fails = "for other names"},
		{"CN and basicConstraints", "cn-basic", .server = INT, .fails = "for other names"},
		{"CN beside another SAN", "cn-other", .server = INT, .fails = "for other names"},
		{"address", "ip", .server = INT, .host = "127.0.0.1"},
		{"IPv6 address", "ip", .server = INT, .host = "[::1]"},
		{"another address", "ip", .server = INT, .host = "127.0.0.2",
		 .fails = "for other names"},
		{"another IPv6 address", "ip", .server = INT, .host = "[::2]",
		 .fails = "for other names"},
		{"address as a DNS name", "ip", .server = INT, .host = "10.0.0.9",
		 .fails = "for other names"},
		{"address without entry", "leaf", .server = INT, .host = "127.0.0.1",
		 .fails = "for other names"},
		{"address, insecure", "leaf", .server = "", .host = "127.0.0.1", .insecure = true},
		{"address, untrusted", "ip", .server = "", .host = "127.0.0.1",
		 .fails = "trusted authority"},
		{"by SNI", "leaf",
		 .server = INT "-servername second.test -cert2 second.pem -key2 second.key",
		 .host = "second.test"},
		{"many names", "many-1000", .server = INT},
		{"very many names", "many-4000", .server = INT},
		{"EKU both", "eku-both", .server = INT},
		{"EKU any", "eku-any", .server = INT},
		{"EKU client", "eku-client", .server = INT, .fails = "is not meant for servers"},
		{"EKU critical", "eku-critical", .server = INT},
	};
	(void)state;
	run_rows(rows, array_count(rows));
}

static void make_many(const char *name, unsigned count)
{
	scoped(buf_finish) struct buf text = {0};
	buf_add_string(&text, "[req]\ndistinguished_name=dn\n[dn]\n[x]\nsubjectAltName=@n\n[n]\n");
	for (unsigned i = 1; i < count; i++)
		buf_printf(&text, "DNS.%u=name-%u.example.org\n", i, i);
	buf_printf(&text, "DNS.%u=localhost\n", count);
	fixture_write("many", buf_str(&text));
	fixture_certificate(name, "leaf", "int", "-config many -extensions x -subj /CN=many");
}

/* 15 intermediates between root and leaf, and the file of them in the server's order. */
static void make_deep(void)
{
	char name[32] = "deep-0", issuer[32], subject[128];
	fixture_certificate(name, "e3", "root", "-subj /CN=deep-0" AUTHORITY);
	fixture_run("cp deep-0.pem deep-chain.pem");
	for (int i = 1; i < 15; i++) {
		snprintf(issuer, sizeof(issuer), "deep-%d", i - 1);
		snprintf(name, sizeof(name), "deep-%d", i);
		snprintf(subject, sizeof(subject), "-subj /CN=deep-%d" AUTHORITY, i);
		fixture_certificate(name, i % 2 ? "int" : "e3", issuer, subject);
		fixture_run("cat %s.pem deep-chain.pem >t && mv t deep-chain.pem", name);
	}
	fixture_certificate("deep", "leaf", name, "-subj /CN=leaf" NAME);
	fixture_run("cat deep-chain.pem root.pem int.pem self.pem x1.pem >full-chain.pem");
	fixture_run("cat full-chain.pem x2.pem >long-chain.pem");
}

/* The certificate of another name with its last byte, which is the signature's, changed. */
static void make_damaged(const char *name, const char *other)
{
	fixture_run("openssl x509 -in %s.pem -outform DER -out damaged.der", other);
	struct buf der = fixture_read("damaged.der");
	der.at[der.len - 1] ^= 1;
	fixture_write("damaged.der", buf_str(&der));
	buf_finish(&der);
	fixture_run("openssl x509 -inform DER -in damaged.der -out %s.pem", name);
	fixture_run("cp %s.key %s.key", other, name);
}

static int make_files(void **state)
{
	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	log_open(stderr, LOG_ERROR);
	fixture_open();
	for (size_t i = 0; i < array_count(keys); i++)
		fixture_key(keys[i][0], keys[i][1]);
	for (size_t i = 0; i < array_count(certificates); i++)
		fixture_certificate(certificates[i].name, certificates[i].key,
				    certificates[i].issuer, certificates[i].options);
	make_expired("expired", "leaf", "int", "-subj /CN=leaf" NAME);
	make_expired("x2-expired", "p384", "x1", "-subj /CN=x2" AUTHORITY);
	fixture_run("cat e1.pem x2-expired.pem >e1-expired.pem");
	fixture_run("cat e1.pem x2-cross.pem >e1-cross.pem && cat x1.pem x2.pem >x1-x2.pem");
	fixture_run("cat int.pem root.pem >int-root.pem && cat root.pem int.pem >root-int.pem");
	fixture_run("cat int.pem self.pem >int-self.pem && cat self.pem int.pem >self-int.pem");
	fixture_run("cat int.pem int.pem >int-int.pem");
	fixture_run("cat int-short-2.pem int-short.pem >short-chain.pem");
	fixture_run("cat root-ed.pem root.pem >with-ed.pem");
	fixture_run("cat root-r8192.pem root.pem >with-r8192.pem");
	make_damaged("damaged-pss", "leaf-pss-signed");
	make_many("many-1000", 1000);
	make_many("many-4000", 4000);
	make_deep();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, make_files, NULL);
}
