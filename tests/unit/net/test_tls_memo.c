/* Signatures that were found good are remembered, and nothing else is taken for them. */
#include "net/tls_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_tls_maker.h"

#define P256 "EC -pkeyopt ec_paramgen_curve:P-256"
#define ROOT "n=root k=root bc!=ca"

struct signing {
	struct buf leaf, root;
	struct tls_certificate certificate, authority;
};

static struct signing make(const char *leaf, const char *root, const char *issuer)
{
	struct signing made = {.leaf = maker_certificate(leaf, root),
			       .root = maker_certificate(issuer, issuer)};
	assert_true(tls_certificate_read(buf_str(&made.leaf), &made.certificate));
	assert_true(tls_certificate_read(buf_str(&made.root), &made.authority));
	return made;
}

static void finish(struct signing *signing)
{
	buf_finish(&signing->leaf);
	buf_finish(&signing->root);
}

static enum tls_fault check(struct tls_memo *memo, const struct signing *signing)
{
	return tls_memo_check(memo, &signing->certificate, &signing->authority.key);
}

static void test_only_good_ones(void **state)
{
	struct tls_memo memo = {.count = 0};
	struct signing good = make("n=leaf k=leaf", ROOT, ROOT);
	struct signing other = make("n=leaf k=leaf", ROOT, "n=root k=leaf bc!=ca");
	struct signing bad = make("n=leaf k=leaf sig=bad", ROOT, ROOT);
	(void)state;
	assert_true(tls_memo_init(&memo));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(check(&memo, &bad), TLS_FAULT_SIGNATURE);
		assert_int_equal(check(&memo, &other), TLS_FAULT_SIGNATURE);
		assert_int_equal(memo.count, i ? 1 : 0);
		assert_int_equal(check(&memo, &good), TLS_FAULT_NONE);
		assert_int_equal(check(NULL, &good), TLS_FAULT_NONE);
		assert_int_equal(memo.count, 1);
	}
	tls_memo_finish(&memo);
	finish(&good);
	finish(&other);
	finish(&bad);
}

/* Any byte of the certificate, and of the key. */
static void test_every_byte_counts(void **state)
{
	struct tls_memo memo = {.count = 0};
	struct signing good = make("n=leaf k=leaf", ROOT, ROOT);
	(void)state;
	assert_true(tls_memo_init(&memo));
	assert_int_equal(check(&memo, &good), TLS_FAULT_NONE);
	for (size_t i = 0; i < good.leaf.len; i++) {
		struct tls_certificate changed;
		good.leaf.at[i] ^= 1;
		if (tls_certificate_read(buf_str(&good.leaf), &changed))
			assert_int_not_equal(tls_memo_check(&memo, &changed, &good.authority.key),
					     TLS_FAULT_NONE);
		good.leaf.at[i] ^= 1;
	}
	assert_int_equal(memo.count, 1);
	tls_memo_finish(&memo);
	finish(&good);
}

static void test_the_oldest_give_way(void **state)
{
	enum { MANY = 2 * TLS_MEMO_SIZE };
	struct tls_memo memo = {.count = 0};
	struct signing first = make("n=first k=leaf", ROOT, ROOT);
	(void)state;
	assert_true(tls_memo_init(&memo));
	assert_int_equal(check(&memo, &first), TLS_FAULT_NONE);
	for (int i = 1; i < MANY; i++) {
		char words[64];
		snprintf(words, sizeof(words), "n=leaf%d k=leaf", i);
		struct signing next = make(words, ROOT, ROOT);
		assert_int_equal(check(&memo, &next), TLS_FAULT_NONE);
		assert_int_equal(check(&memo, &next), TLS_FAULT_NONE);
		finish(&next);
	}
	assert_int_equal(memo.count, MANY);
	assert_int_equal(check(&memo, &first), TLS_FAULT_NONE);
	assert_int_equal(memo.count, MANY + 1);
	tls_memo_finish(&memo);
	finish(&first);
}

static int make_keys(void **state)
{
	(void)state;
	fixture_open();
	maker_add_key("root", P256);
	maker_add_key("leaf", P256);
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
		cmocka_unit_test(test_only_good_ones),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_the_oldest_give_way),
	};
	return cmocka_run_group_tests(tests, make_keys, release);
}
