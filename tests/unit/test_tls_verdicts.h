/*
 * Chains of certificates and three opinions on them: that of the program, that of "openssl
 * verify", asked as a client on Debian would ask, and with TLS_GO=1 that of Go's crypto/x509
 * (verdicts.go). Where ours and OpenSSL's differ, docs/tls.md must have a row about it; what Go
 * refuses is never accepted, but for constraints and forms of RSA-PSS that Go does not know.
 */
#pragma once

#include "test_tls_maker.h"

#include "base/log.h"
#include "net/tls_engine.h"

enum { CERTIFICATES = 6, CHAINS = 512, PIECE = 100 };

struct chain {
	const char *host;
	char words[CERTIFICATES][300]; /* each signed by the next one, or by "by=INDEX" */
	size_t count;
	const char *sent;    /* indexes; the first is the server's */
	const char *anchors; /* likewise */
	enum tls_fault ours;
	char theirs[160]; /* openssl's: "OK", or what is wrong */
	char gos[160];
};

static struct chain *chains;
static size_t chain_count;

/* --- Making them --- */

static struct buf made[CHAINS * 2];
static char *made_for[CHAINS * 2];
static size_t made_count;

/* The certificate of these words by this issuer; made once. */
static inline struct str certificate(const char *words, const char *issuer)
{
	char key[700];
	snprintf(key, sizeof(key), "%s by %s", words, issuer);
	for (size_t i = 0; i < made_count; i++)
		if (strcmp(made_for[i], key) == 0)
			return buf_str(&made[i]);
	assert_true(made_count < array_count(made));
	made_for[made_count] = strdup(key);
	made[made_count] = maker_certificate(words, issuer);
	return buf_str(&made[made_count++]);
}

static inline struct str certificate_of(const struct chain *chain, size_t i)
{
	size_t next = i + 1 < chain->count ? i + 1 : i;
	struct str by = maker_word(chain->words[i], "by", "");
	return certificate(chain->words[i], chain->words[by.len ? (size_t)(by.at[0] - '0') : next]);
}

static inline void add_pem(struct buf *out, struct str der)
{
	scoped(buf_finish) struct buf text = {0};
	base64_encode(der, &text);
	buf_add_string(out, "-----BEGIN CERTIFICATE-----\n");
	for (struct str rest = buf_str(&text); rest.len; rest = str_from(rest, 64))
		buf_printf(out, "%.*s\n", STR_ARGS(str_head(rest, 64)));
	buf_add_string(out, "-----END CERTIFICATE-----\n");
}

static inline void write_file(const struct chain *chain, const char *indexes, const char *kind)
{
	scoped(buf_finish) struct buf text = {0};
	char name[32];
	for (; *indexes; indexes++)
		add_pem(&text, certificate_of(chain, (size_t)(*indexes - '0')));
	snprintf(name, sizeof(name), "%zu.%s", (size_t)(chain - chains), kind);
	fixture_write(name, buf_str(&text));
}

static inline void write_files(const struct chain *chain)
{
	char first[2] = {chain->sent[0], '\0'};
	write_file(chain, first, "leaf");
	write_file(chain, chain->sent, "sent");
	write_file(chain, chain->anchors, "anchors");
}

/* --- Asking for verdicts --- */

static inline void feed(struct tls_handshake *handshake, struct str der)
{
	tls_handshake_certificate(handshake);
	for (; der.len; der = str_from(der, PIECE)) {
		struct str part = str_head(der, PIECE);
		tls_handshake_bytes(handshake, part.at, part.len);
	}
	tls_handshake_certificate_end(handshake);
}

/* As an engine asks in a handshake. */
static inline enum tls_fault ask_ourselves(const struct chain *chain)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tls_handshake handshake = {0};
	struct tls_certificate server;
	unsigned char address[4];
	char name[32], path[4200];
	snprintf(name, sizeof(name), "%zu.anchors", (size_t)(chain - chains));
	fixture_path(path, name);
	struct tls_trust *trust = tls_trust_new(arena, path);
	assert_non_null(trust);
	bool numeric = inet_pton(AF_INET, chain->host, address) == 1;
	tls_handshake_init(&handshake, trust, chain->host,
			   (struct str){(const char *)address, numeric ? 4 : 0}, false);
	tls_handshake_begin(&handshake);
	tls_handshake_chain(&handshake, numeric ? NULL : chain->host);
	for (const char *i = chain->sent; *i; i++)
		feed(&handshake, certificate_of(chain, (size_t)(*i - '0')));
	enum tls_fault fault = tls_handshake_judge(&handshake, &server);
	assert_int_equal(!fault, handshake.accepted);
	tls_handshake_forget(&handshake);
	tls_handshake_finish(&handshake);
	tls_trust_finish(trust);
	return fault;
}

/* Reads one line for each chain, into the field at this offset of it. */
static inline void read_verdicts(const char *file, size_t offset)
{
	scoped(buf_finish) struct buf text = fixture_read(file);
	struct str rest = buf_str(&text), line;
	for (size_t i = 0; i < chain_count; i++) {
		assert_true(str_cut(&rest, '\n', &line) && line.len);
		snprintf((char *)&chains[i] + offset, sizeof(chains[i].theirs), "%.*s",
			 STR_ARGS(line));
	}
}

static inline void ask_openssl(void)
{
	scoped(buf_finish) struct buf script = {0};
	buf_add_string(
		&script,
		"ask() {\n"
		"	if out=$(openssl verify -purpose sslserver -auth_level 2 $2 -no-CApath "
		"-no-CAstore -CAfile $1.anchors -untrusted $1.sent $1.leaf 2>&1); then echo OK\n"
		"	else case $out in *'depth lookup: '*) out=${out#*depth lookup: } ;; *) "
		"out='no verdict' ;; esac; echo \"${out%%\n*}\"; fi\n"
		"}\n");
	for (size_t i = 0; i < chain_count; i++) {
		unsigned char address[4];
		bool numeric = inet_pton(AF_INET, chains[i].host, address) == 1;
		buf_printf(&script, "ask %zu '-verify_%s %s'\n", i, numeric ? "ip" : "hostname",
			   chains[i].host);
	}
	fixture_write("ask", buf_str(&script));
	fixture_run("sh ask >openssl");
	read_verdicts("openssl", offsetof(struct chain, theirs));
}

static inline void ask_go(void)
{
	scoped(buf_finish) struct buf list = {0};
	char folder[4096];
	if (!getenv("TLS_GO") || !getcwd(folder, sizeof(folder)))
		return;
	for (size_t i = 0; i < chain_count; i++)
		buf_printf(&list, "%zu %s\n", i, chains[i].host);
	fixture_write("list", buf_str(&list));
	fixture_run("go run %s/tests/unit/verdicts.go . <list >go", folder);
	read_verdicts("go", offsetof(struct chain, gos));
}

/* --- Comparing --- */

/* Where another verdict is meant: words of a row in docs/tls.md, and one of its chains. */
static const struct difference {
	const char *row, *word;
	const char *theirs; /* OpenSSL's verdict, where ours is the opposite */
} differences[] = {
	{"`anyExtendedKeyUsage`", "eku=any", "unsuitable certificate purpose"},
	{"not self-signed", "partial", "unable to get"},
	{"one good path among", "paths", ""},
	{"key identifiers that", "raw=2.5.29.35:30068004deadbeef", "unable to get"},
	{"`nsCertType`", "raw=2.16.840.1.113730.1.1:03020780", "unsuitable certificate purpose"},
	{"held against it", "n=evil.example", "permitted subtree violation"},
	{"`*.lan`", "dns=*.test", "hostname mismatch"},
	{"by its common name", "n=reg.test", "OK"},
	{"`r*.example.com`", "dns=r*.corp.test", "OK"},
	{"`digitalSignature`", "ku!=E", "OK"},
	{"`basicConstraints`", "-bc", "OK"},
	{"byte by byte", "n=ROOT", "OK"},
	{"self-issued", "self-issued", "OK"},
	{"`requireExplicitPolicy`", "raw!=2.5.29.36:3003800100", "OK"},
	{"`requireExplicitPolicy`", "raw=2.5.29.36:3003800100", "OK"},
	{"Critical extensions", "raw!=2.16.840.1.113730.1.1:03020640", "OK"},
	{"below 2048 bits", "k=rsa1024", "OK"},
	{"Ed25519", "k=ed25519", "OK"},
	{"P-224", "k=p224", "OK"},
	{"leading zeros", "flaw=short", "OK"},
	{"for RSA-PSS alone", "k=pss", "OK"},
	{"DER", "v=1", "OK"},
	{"DER", "sig=inner", "OK"},
	{"DER", "nc=distance", "OK"},
	{"DER", "raw!=2.5.29.30:3000", "OK"},
	{"DER", "raw=2.5.29.30:3002a000", "OK"},
	{"DER", "raw=1.2.3.4:0500", "OK"},
	{"DER", "permit-ip=10.0.0.0/255.0.255.0", "OK"},
	{"wildcard that covers", "deny-dns=a.reg.test", "OK"},
	{"no domain", "deny-dns=*.test", "OK"},
	{"no domain", "deny-dns=test.", "OK"},
};

/* The table is that of the document. */
static inline void check_document(void)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err = {0};
	if (!file_read("docs/tls.md", &text, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < array_count(differences); i++)
		if (!strstr(buf_string(&text), differences[i].row))
			fail_msg("docs/tls.md has no row with %s", differences[i].row);
}

static inline bool is_meant(const struct chain *chain)
{
	for (size_t i = 0; i < array_count(differences); i++) {
		if (!strstr(chain->theirs, differences[i].theirs))
			continue;
		for (size_t n = 0; n < chain->count; n++)
			if (maker_has(chain->words[n], differences[i].word))
				return true;
	}
	return false;
}

/* Go has RSA-PSS with some parameters, and no keys that are for it alone. */
static inline bool is_unknown_to_go(const struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (str_starts(maker_word(chain->words[i], "k", ""), "pss"))
			return true;
	return strstr(chain->gos, "unhandled critical extension") ||
	       strstr(chain->gos, "algorithm unimplemented");
}

static inline bool is_agreed(const struct chain *chain)
{
	bool ours = !chain->ours, theirs = strcmp(chain->theirs, "OK") == 0;
	bool refused = *chain->gos && strcmp(chain->gos, "OK") != 0;
	if (ours && refused && !is_unknown_to_go(chain))
		return false;
	return ours == theirs || is_meant(chain);
}

static inline void compare(void)
{
	size_t wrong = 0, accepted = 0;
	for (size_t i = 0; i < chain_count; i++) {
		const struct chain *chain = &chains[i];
		assert_string_not_equal("no verdict", chain->theirs);
		accepted += !chain->ours;
		if (is_agreed(chain))
			continue;
		wrong++;
		print_error("%zu %s: ours %s, openssl: %s, go: %s\n", i, chain->host,
			    tls_fault_predicate(chain->ours), chain->theirs, chain->gos);
		for (size_t n = 0; n < chain->count; n++)
			print_error("	%s\n", chain->words[n]);
	}
	print_message("%zu chains, %zu accepted\n", chain_count, accepted);
	assert_int_equal(0, wrong);
}

/* Judges all chains there are, and forgets them. */
static inline void judge_all(void)
{
	for (size_t i = 0; i < chain_count; i++) {
		write_files(&chains[i]);
		chains[i].ours = ask_ourselves(&chains[i]);
	}
	ask_openssl();
	ask_go();
	compare();
	chain_count = 0;
}

static inline struct chain *new_chain(const char *host)
{
	assert_true(chain_count < CHAINS);
	struct chain *chain = &chains[chain_count++];
	*chain = (struct chain){.host = host};
	return chain;
}

static inline int make_keys(void **state)
{
	static const char *const kinds[][2] = {
		{"leaf", P256},
		{"a", P256},
		{"b", P256},
		{"root", P256},
		{"p384", "EC -pkeyopt ec_paramgen_curve:P-384"},
		{"p224", "EC -pkeyopt ec_paramgen_curve:P-224"},
		{"rsa1024", "RSA -pkeyopt rsa_keygen_bits:1024"},
		{"rsa2048", "RSA -pkeyopt rsa_keygen_bits:2048"},
		{"ed25519", "ED25519"},
	};
	(void)state;
	log_open(stderr, LOG_ERROR);
	fixture_open();
	chains = calloc(CHAINS, sizeof(*chains));
	assert_non_null(chains);
	for (size_t i = 0; i < array_count(kinds); i++)
		maker_add_key(kinds[i][0], kinds[i][1]);
	return 0;
}

static inline int release(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_count; i++) {
		buf_finish(&made[i]);
		free(made_for[i]);
	}
	free(chains);
	maker_close();
	return 0;
}

/* All this happens in one thread, and costs too much to be looked at by ThreadSanitizer as well. */
static inline int run_once_with(const struct CMUnitTest *tests, size_t count,
				CMFixtureFunction keys)
{
#ifdef __SANITIZE_THREAD__
	(void)tests, (void)keys;
	print_message("%zu tests are for AddressSanitizer\n", count);
	return 0;
#else
	return _cmocka_run_group_tests("chains", tests, count, keys, release);
#endif
}

static inline int run_once(const struct CMUnitTest *tests, size_t count)
{
	return run_once_with(tests, count, make_keys);
}
