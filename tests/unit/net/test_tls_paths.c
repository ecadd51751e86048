/*
 * Chains as people have them, and as an attacker makes them: names under constraints, certificates
 * that are anchors themselves, authorities with several issuers.
 */
#include "test_tls_verdicts.h"

#define ROOT "n=root k=root bc!=ca ku!=C"
/* Key identifiers, for OpenSSL, which goes by them. */
#define BY_NEW " raw=2.5.29.35:3006800401020304"
#define NEW " raw=2.5.29.14:040401020304 raw=2.5.29.35:3006800405060708"
#define OLD " raw=2.5.29.14:040405060708"
#define LEAF "n=leaf k=leaf dns=reg.test"

static const struct {
	const char *host, *sent, *anchors, *words[CERTIFICATES];
} special[] = {
	/* Kinds of keys. */
	{"reg.test", "0", "1", {LEAF " k=p224", ROOT}},
	{"reg.test", "0", "1", {LEAF " k=ed25519", ROOT}},
	{"reg.test", "0", "1", {LEAF " k=rsa2048", ROOT " k=rsa2048"}},
	{"reg.test", "0", "1", {LEAF " k=p384 h=sha384", ROOT " k=p384"}},
	/* Addresses. */
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " permit-ip=10.0.0.0/255.0.0.0"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " permit-ip=10.2.0.0/255.255.0.0"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " permit-ip=10.0.0.0/255.0.255.0"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " deny-ip=10.1.0.0/255.255.0.0 nc!"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " deny-ip=0.0.0.0/0.0.0.0"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " deny-ip=::/::"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " permit-ip=::/::"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3 ip=11.0.0.1", ROOT " permit-ip=10.0.0.0/255.0.0.0"}},
	{"10.1.2.3", "0", "1", {"ip=10.1.2.3", ROOT " permit-dns=reg.test"}},
	{"10.1.2.3", "0", "1", {"n=evil.example ip=10.1.2.3", ROOT " permit-dns=reg.test"}},
	{"10.1.2.4", "0", "1", {"ip=10.1.2.3", ROOT}},
	{"10.1.2.3", "0", "1", {"dns=10.1.2.3", ROOT}},
	{"reg.test", "0", "1", {LEAF " ip=11.0.0.1", ROOT " permit-ip=10.0.0.0/255.0.0.0"}},
	{"reg.test", "0", "1", {LEAF " ip=::1", ROOT " permit-ip=10.0.0.0/255.0.0.0"}},
	{"reg.test", "0", "1", {LEAF " ip=::1", ROOT " permit-ip=::/::"}},
	/* Names of servers. */
	{"reg.test", "0", "1", {"n=reg.test", ROOT}},
	{"reg.test", "0", "1", {"dns=REG.TEST", ROOT}},
	{"reg.test", "0", "1", {"dns=*.test", ROOT}},
	{"reg.corp.test", "0", "1", {"dns=*.corp.test", ROOT}},
	{"reg.corp.test", "0", "1", {"dns=r*.corp.test", ROOT}},
	{"a.reg.corp.test", "0", "1", {"dns=*.corp.test", ROOT}},
	{"corp.test", "0", "1", {"dns=*.corp.test", ROOT}},
	{"a.reg.test", "0", "1", {"dns=*.reg.test", ROOT " permit-dns=reg.test"}},
	{"a.reg.test", "0", "1", {"dns=*.reg.test", ROOT " permit-dns=a.reg.test"}},
	{"a.reg.test", "0", "1", {"dns=*.reg.test", ROOT " deny-dns=a.reg.test"}},
	{"b.reg.test", "0", "1", {"dns=*.reg.test", ROOT " deny-dns=c.a.reg.test"}},
	{"reg.test", "0", "1", {LEAF " dns=evil.example", ROOT " permit-dns=test"}},
	{"reg.test",
	 "0",
	 "1",
	 {LEAF " uri=https://x.example/ mail=a@x.example", ROOT " permit-dns=test"}},
	{"reg.test", "0", "1", {LEAF, ROOT " permit-dns=other.test permit-dns=test"}},
	{"reg.test", "0", "1", {LEAF, ROOT " permit-dns=test deny-dns=reg.test"}},
	{"reg.test", "0", "1", {LEAF, ROOT " permit-dns=test."}},
	{"reg.test", "0", "1", {LEAF, ROOT " deny-dns=test."}},
	{"reg.test", "0", "1", {LEAF, ROOT " deny-dns=*.test"}},
	{"reg.test",
	 "01",
	 "2",
	 {LEAF, "n=A k=a bc!=ca permit-dns=reg.test", ROOT " permit-dns=test"}},
	{"reg.test",
	 "01",
	 "2",
	 {LEAF, "n=A k=a bc!=ca permit-dns=test", ROOT " permit-dns=other.test"}},
	{"reg.test", "01", "2", {LEAF, "n=A k=a bc!=ca dns=a.example", ROOT " permit-dns=test"}},
	/* Names of other kinds. */
	{"reg.test", "0", "1", {LEAF " o=Acme", ROOT " permit-dir=Acme nc!"}},
	{"reg.test", "0", "1", {LEAF " o=ACME", ROOT " permit-dir=Acme"}},
	{"reg.test", "0", "1", {LEAF " o=Acme", ROOT " deny-dir=ACME"}},
	{"reg.test", "0", "1", {LEAF " o=Other", ROOT " permit-dir=Acme"}},
	{"reg.test", "0", "1", {LEAF " dir=Other", ROOT " deny-dir=other"}},
	{"reg.test", "01", "2", {LEAF " o=Acme", "n=A k=a bc!=ca", ROOT " permit-dir=Acme"}},
	{"reg.test", "01", "2", {LEAF " o=Acme", "n=A o=Acme k=a bc!=ca", ROOT " permit-dir=Acme"}},
	{"reg.test", "0", "1", {LEAF " mail=a@corp.test", ROOT " permit-mail=corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=a@x.corp.test", ROOT " permit-mail=corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=a@x.corp.test", ROOT " permit-mail=.corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=a@corp.test", ROOT " permit-mail=.corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=a@CORP.test", ROOT " permit-mail=a@corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=A@corp.test", ROOT " permit-mail=a@corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=a@corp.test", ROOT " deny-mail=corp.test"}},
	{"reg.test", "0", "1", {LEAF " mail=corp.test", ROOT " deny-mail=other.test"}},
	{"reg.test", "0", "1", {LEAF " e=a@corp.test", ROOT " permit-mail=corp.test"}},
	{"reg.test", "0", "1", {LEAF " e=a@other.test", ROOT " permit-mail=corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=https://corp.test/x", ROOT " permit-uri=corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=https://corp.test:5/x", ROOT " permit-uri=corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=https://a.corp.test/", ROOT " permit-uri=corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=spiffe://a.corp.test/", ROOT " permit-uri=.corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=https://corp.test", ROOT " deny-uri=corp.test"}},
	{"reg.test", "0", "1", {LEAF " uri=urn:x", ROOT " deny-uri=corp.test"}},
	{"reg.test",
	 "0",
	 "1",
	 {"raw=2.5.29.17:301782087265672e74657374a00b06032a0304a0040c026162",
	  ROOT " raw!=2.5.29.30:3011a00f300da00b06032a0304a0040c026162"}},
	{"reg.test",
	 "0",
	 "1",
	 {"raw=2.5.29.17:300f820872"
	  "65672e746573748803"
	  "2a0304",
	  ROOT " raw=2.5.29.30:3009a007300588032a0304"}},
	/* Self-signed certificates as anchors. */
	{"reg.test", "0", "0", {LEAF}},
	{"reg.test", "0", "0", {LEAF " bc!=no"}},
	{"reg.test", "0", "0", {LEAF " bc!=ca"}},
	{"reg.test", "0", "0", {LEAF " bc!=ca ku!=S"}},
	{"reg.test", "0", "0", {LEAF " bc!=ca ku!=C"}},
	{"reg.test", "0", "0", {LEAF " eku=client"}},
	{"reg.test", "0", "0", {LEAF " from=-2 to=-1"}},
	{"other.test", "0", "0", {LEAF}},
	{"reg.test", "0", "0", {LEAF " k=rsa2048"}},
	{"reg.test", "0", "0", {LEAF " k=rsa1024"}},
	{"reg.test", "0", "1", {LEAF, LEAF " to=2"}},
	{"reg.test", "0", "1", {LEAF " by=0", LEAF " bc!=no to=2"}},
	{"reg.test", "0", "1", {LEAF " by=0", LEAF " bc!=ca to=2"}},
	{"reg.test", "0", "1", {LEAF, "n=self k=a dns=self.test"}},
	{"reg.test", "0", "1", {LEAF, "n=self k=a bc!=no"}},
	{"reg.test", "0", "1", {LEAF, "n=self k=a bc!=ca ku!=S"}},
	{"reg.test", "0", "1", {LEAF, "n=self k=a v=1"}},
	{"reg.test", "0", "1", {LEAF, "n=self k=a v=2"}},
	{"reg.test", "01", "2", {LEAF, "n=A k=a v=1", ROOT}},
	/* Paths. */
	{"reg.test", "0", "1", {LEAF, "n=A k=a bc!=ca partial", ROOT}},
	{"reg.test", "0", "0", {LEAF " partial", ROOT}},
	{"reg.test", "0", "1", {LEAF, "n=A k=a v=1 partial", ROOT}},
	{"reg.test", "021", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", ROOT}},
	{"reg.test", "0211", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", ROOT}},
	{"reg.test", "0123", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", ROOT}},
	{"reg.test",
	 "0123",
	 "4",
	 {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", ROOT, "n=other k=leaf bc!=ca"}},
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3", "n=A k=a bc!=ca", ROOT, "n=other k=leaf bc!=ca"}},
	{"reg.test", "02", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", ROOT}},
	{"reg.test", "012", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca/0", ROOT}},
	{"reg.test", "012", "3", {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca/1", ROOT}},
	{"reg.test", "012", "3", {LEAF, "n=B k=b bc!=ca/0", "n=A k=a bc!=ca/1", ROOT}},
	{"reg.test",
	 "012",
	 "3",
	 {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", "n=root k=root bc!=ca/1"}},
	{"reg.test",
	 "012",
	 "3",
	 {LEAF, "n=B k=b bc!=ca", "n=A k=a bc!=ca", "n=root k=root bc!=ca/2"}},
	/* B by two authorities. */
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3", "n=B k=b bc!=ca by=4", ROOT, "n=other k=a bc!=ca"}},
	{"reg.test",
	 "012",
	 "4",
	 {LEAF, "n=B k=b bc!=ca by=3 paths", "n=B k=b bc!=ca by=4", ROOT, "n=other k=a bc!=ca"}},
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3 eku=client paths", "n=B k=b bc!=ca by=4", ROOT,
	  "n=other k=a bc!=ca"}},
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3 from=-2 to=-1", "n=B k=b bc!=ca by=4", ROOT,
	  "n=other k=a bc!=ca"}},
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3", "n=B k=b bc!=ca by=4", ROOT " permit-dns=x.test paths",
	  "n=other k=a bc!=ca"}},
	{"reg.test",
	 "012",
	 "34",
	 {LEAF, "n=B k=b bc!=ca by=3", "n=B k=b bc!=ca by=4", ROOT " permit-dns=x.test",
	  "n=other k=a bc!=ca eku=mail"}},
	/* Anchors of one name. */
	{"reg.test", "0", "21", {LEAF, ROOT, "n=root k=a bc!=ca paths"}},
	{"reg.test", "0", "2", {LEAF, ROOT, "n=root k=a bc!=ca"}},
	{"reg.test", "0", "21", {LEAF, ROOT, ROOT " from=-2 to=-1"}},
	{"reg.test", "0", "21", {LEAF, ROOT, ROOT " deny-dns=reg.test paths"}},
	{"reg.test", "0", "1", {LEAF " by=2", ROOT, "n=ROOT k=root"}},
	/* Two that sign each other. */
	{"reg.test", "012", "3", {LEAF, "n=B k=b bc!=ca by=2", "n=A k=a bc!=ca by=1", ROOT}},
	/* An authority that changes its key. */
	{"reg.test",
	 "01",
	 "2",
	 {LEAF BY_NEW, "n=root k=a bc!=ca" NEW " self-issued", "n=root k=root bc!=ca/0" OLD}},
	{"reg.test",
	 "01",
	 "2",
	 {LEAF " o=Acme" BY_NEW, "n=root k=a bc!=ca" NEW, ROOT " permit-dir=Acme" OLD}},
	{"reg.test",
	 "01",
	 "2",
	 {LEAF BY_NEW, "n=root k=a bc!=ca" NEW, "n=root k=root bc!=ca/1" OLD}},
	{"reg.test", "01", "2", {LEAF, "n=root k=a v=1", ROOT}},
	/* What is not looked at. */
	{"reg.test",
	 "0",
	 "1",
	 {LEAF " raw=2.5.29.35:30068004deadbeef", ROOT " raw=2.5.29.14:0404aabbccdd"}},
	{"reg.test",
	 "0",
	 "1",
	 {LEAF " raw=2.5.29.35:30068004aabbccdd", ROOT " raw=2.5.29.14:0404aabbccdd"}},
	{"reg.test", "0", "1", {LEAF " raw=2.16.840.1.113730.1.1:03020780", ROOT}},
	{"reg.test", "0", "1", {LEAF " raw!=2.16.840.1.113730.1.1:03020640", ROOT}},
};

static void test_special(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(special); i++) {
		struct chain *chain = new_chain(special[i].host);
		chain->sent = special[i].sent;
		chain->anchors = special[i].anchors;
		for (; special[i].words[chain->count]; chain->count++)
			snprintf(chain->words[chain->count], sizeof(chain->words[0]), "%s",
				 special[i].words[chain->count]);
	}
	judge_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special),
	};
	return run_once(tests, array_count(tests));
}
