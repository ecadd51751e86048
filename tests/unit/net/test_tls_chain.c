/* What people are shown of a chain, whatever its certificates say. */
#include "net/tls_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_tls_maker.h"

#define P256 "EC -pkeyopt ec_paramgen_curve:P-256"

static void add(struct tls_chain *chain, const char *words, const char *issuer)
{
	scoped(buf_finish) struct buf der = maker_certificate(words, issuer);
	tls_chain_add(chain, buf_str(&der));
}

static void test_links(void **state)
{
	struct tls_chain chain = {.count = 0};
	(void)state;
	add(&chain, "n=leaf dns=reg.test dns=*.reg.test ip=10.0.0.1", "n=root");
	add(&chain, "n=root bc=ca", "n=root");
	tls_chain_add(&chain, STR("not a certificate"));
	assert_int_equal(chain.count, 2);
	assert_string_equal(chain.links[0].subject, "leaf");
	assert_string_equal(chain.links[0].issuer, "root");
	assert_string_equal(chain.links[0].names, "reg.test, *.reg.test");
	assert_true(chain.links[0].not_before < chain.links[0].not_after);
	assert_string_equal(chain.links[1].subject, "root");
	assert_string_equal(chain.links[1].names, "");
}

static void test_hostile_names(void **state)
{
	struct tls_chain chain = {.count = 0};
	scoped(buf_finish) struct buf words = {0};
	(void)state;
	buf_add_string(&words, "n=a\x1b[31m\xc3\xa4 dns=x\x07y.test");
	for (int i = 0; i < 100; i++)
		buf_printf(&words, " dns=host-%d.reg.test", i);
	add(&chain, buf_string(&words), "n=root");
	assert_int_equal(chain.count, 1);
	for (const char *at = chain.links[0].subject; *at; at++)
		assert_true(*at >= ' ' && *at <= '~');
	assert_true(str_starts(str_of(chain.links[0].names), "x?y.test, host-0.reg.test"));
	assert_true(str_ends(str_of(chain.links[0].names), " more"));
}

static void test_too_many(void **state)
{
	struct tls_chain chain = {.count = 0};
	(void)state;
	for (int i = 0; i < TLS_PATH_SENT_MAX + 2; i++)
		add(&chain, "n=leaf", "n=root");
	assert_int_equal(chain.count, TLS_PATH_SENT_MAX);
}

static int make_key(void **state)
{
	(void)state;
	fixture_open();
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
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_too_many),
	};
	return cmocka_run_group_tests(tests, make_key, release);
}
