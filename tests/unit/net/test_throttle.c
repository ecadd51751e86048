/* --limit-rate: the line of time that all transfers share, with a clock of the test's. */
#include "net/throttle.h"

#include "base/scoped.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_shared_line(void **state)
{
	scoped(throttle_free) struct throttle *throttle = throttle_new(1000);
	(void)state;
	assert_int_equal(throttle_take(throttle, 0, 500), 500000);
	/* Another transfer at the same moment stands behind the first. */
	assert_int_equal(throttle_take(throttle, 0, 250), 750000);
	assert_int_equal(throttle_take(throttle, 700000, 100), 150000);
	/* Time that nobody used is lost. */
	assert_int_equal(throttle_take(throttle, 5000000, 100), 100000);
}

/* A source of endless bytes that notes how much is asked for at once. */
struct endless {
	struct reader reader;
	size_t most;
};

static bool read_endless(struct reader *reader, void *at, size_t size, size_t *got,
			 struct error *err)
{
	struct endless *endless = (struct endless *)reader;
	(void)err;
	if (size > endless->most)
		endless->most = size;
	memset(at, 'x', size);
	*got = size;
	return true;
}

/* Small pieces, so that transfers take turns and none is silent for long. */
static void test_pieces(void **state)
{
	static char bytes[1 << 20];
	scoped(throttle_free) struct throttle *throttle = throttle_new((int64_t)1 << 40);
	scoped(throttle_free) struct throttle *slow = throttle_new(1 << 20);
	struct endless endless = {.reader = {read_endless}};
	struct throttle_reader out;
	struct error err;
	size_t got = 0;
	(void)state;
	throttle_attach(NULL, &endless.reader, &out);
	assert_true(out.reader.read(&out.reader, bytes, sizeof(bytes), &got, &err));
	assert_int_equal(got, sizeof(bytes));
	throttle_attach(throttle, &endless.reader, &out);
	assert_true(out.reader.read(&out.reader, bytes, sizeof(bytes), &got, &err));
	assert_int_equal(got, sizeof(bytes));
	endless.most = 0;
	throttle_attach(slow, &endless.reader, &out);
	assert_true(out.reader.read(&out.reader, bytes, sizeof(bytes), &got, &err));
	assert_int_equal(got, (1 << 20) / 32);
	assert_int_equal(endless.most, got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_line),
		cmocka_unit_test(test_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
