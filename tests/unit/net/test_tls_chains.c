/*
 * Chains that are right but for one thing: each thing an authority can say, in each place. And
 * chains with several of them at random.
 */
#include "test_tls_verdicts.h"

static const char *const usual[] = {
	"n=leaf k=leaf dns=reg.test",
	"n=A k=a bc!=ca ku!=C",
	"n=root k=root bc!=ca ku!=C",
};

static bool same_name(struct str word, struct str other)
{
	struct str a, b;
	str_cut(&word, '=', &a);
	str_cut(&other, '=', &b);
	a.len -= str_ends(a, "!");
	b.len -= str_ends(b, "!");
	return str_equal(a, b);
}

/* words with change applied: a word replaces those of its name, "-NAME" removes them. */
static void apply(char words[300], const char *change)
{
	scoped(buf_finish) struct buf out = {0};
	struct str rest = str_of(words), word, others, other;
	while (str_cut(&rest, ' ', &word)) {
		bool replaced = false;
		for (others = str_of(change); str_cut(&others, ' ', &other);)
			replaced |= same_name(word,
					      str_starts(other, "-") ? str_from(other, 1) : other);
		if (!replaced)
			buf_printf(&out, "%.*s ", STR_ARGS(word));
	}
	buf_add_string(&out, change);
	snprintf(words, 300, "%s", buf_string(&out));
}

static struct chain *add_usual(const char *host)
{
	struct chain *chain = new_chain(host);
	for (size_t i = 0; i < array_count(usual); i++)
		snprintf(chain->words[i], sizeof(chain->words[i]), "%s", usual[i]);
	chain->count = array_count(usual);
	chain->sent = "01";
	chain->anchors = "2";
	return chain;
}

static const char *const changes[] = {
	"bc!=no",
	"bc=ca",
	"-bc",
	"bc!=ca/0",
	"bc!=ca/1",
	"bc!=ca/2",
	"ku!=S",
	"ku=S",
	"ku!=E",
	"ku!=C",
	"ku=C",
	"ku!=SE",
	"-ku",
	"-ku -bc",
	"eku=server",
	"eku!=server",
	"eku=client",
	"eku!=client",
	"eku=mail",
	"eku=client+server",
	"eku=any",
	"permit-dns=reg.test",
	"permit-dns=reg.test nc!",
	"permit-dns=test",
	"permit-dns=.test nc!",
	"permit-dns=.reg.test",
	"permit-dns=other.test",
	"permit-dns=other.test nc!",
	"permit-dns=REG.TEST",
	"permit-dns=eg.test",
	"permit-dns=",
	"deny-dns=reg.test",
	"deny-dns=reg.test nc!",
	"deny-dns=other.test nc!",
	"deny-dns=.test",
	"deny-dns=",
	"deny-dns=REG.test",
	"deny-dns=eg.test",
	"permit-ip=10.0.0.0/255.0.0.0",
	"deny-ip=0.0.0.0/0.0.0.0 nc!",
	"permit-dir=Acme",
	"deny-dir=Acme nc!",
	"permit-mail=corp.test",
	"permit-uri=corp.test nc!",
	"permit-dns=reg.test nc=distance",
	"raw!=2.5.29.30:3000",
	"raw=2.5.29.30:3002a000",
	"raw!=2.5.29.30:300aa008300688042a030405",
	"from=1 to=2",
	"from=-2 to=-1",
	"to=20000",
	"sig=bad",
	"sig=inner",
	"h=sha1",
	"h=sha384",
	"v=1",
	"v=1 -bc -ku -dns",
	"k=rsa1024",
	"k=rsa2048",
	"k=p384",
	"raw!=1.2.3.4:0500",
	"raw=1.2.3.4:0500",
	"raw=1.2.3.4:0500 raw=1.2.3.4:0500",
	"raw=2.5.29.19:30030101ff",
	"raw!=2.5.29.36:3003800100",
	"raw=2.5.29.36:3003800100",
	"raw!=2.5.29.36:3003810100",
	"raw!=2.5.29.54:020100",
	"raw!=2.5.29.32:3006300406022a03",
	"raw!=2.5.29.14:0402aabb",
	"raw=2.5.29.14:0402aabb",
	"raw!=2.5.29.31:3000",
};

static void test_one_change(void **state)
{
	(void)state;
	add_usual("reg.test");
	add_usual("other.test");
	for (size_t i = 0; i < array_count(changes); i++)
		for (size_t at = 0; at < array_count(usual); at++)
			apply(add_usual("reg.test")->words[at], changes[i]);
	judge_all();
}

/* One to three changes to chains of two or three; the same ones in every run. */
static void test_random_changes(void **state)
{
	(void)state;
	srand(20261128);
	for (size_t i = 0; i < 120; i++) {
		struct chain *chain = add_usual("reg.test");
		if (rand() % 2) {
			memmove(chain->words[1], chain->words[2], sizeof(chain->words[0]));
			chain->count = 2;
			chain->sent = "0";
			chain->anchors = "1";
		}
		for (int n = rand() % 3; n >= 0; n--)
			apply(chain->words[(size_t)rand() % chain->count],
			      changes[(size_t)rand() % array_count(changes)]);
	}
	judge_all();
}

static void test_document(void **state)
{
	(void)state;
	check_document();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_change),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_document),
	};
	return run_once(tests, array_count(tests));
}
