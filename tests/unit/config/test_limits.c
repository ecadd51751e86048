/* --limit-rate and --shard as texts. */
#include "config/limits.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_rate(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* 0: refused */
	} table[] = {
		{"1", 1},
		{"500k", 500 * 1024},
		{"500K", 500 * 1024},
		{"20M", (int64_t)20 << 20},
		{"3g", (int64_t)3 << 30},
		{"0", 0},
		{"k", 0},
		{"1.5M", 0},
		{"-1", 0},
		{"1T", 0},
		{"1 M", 0},
		{"99999999999999999999", 0},
		{"9999999999G", 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		scoped(problem_finish) struct problems problems = {0};
		struct options options = {.limit_rate = table[i].text};
		struct limits limits;
		limits_read(&options, &limits, &problems);
		assert_int_equal(problems.error_count, table[i].bytes ? 0 : 1);
		if (table[i].bytes)
			assert_int_equal(limits.bytes_per_second, table[i].bytes);
	}
}

static void test_shard(void **state)
{
	static const struct {
		const char *text;
		unsigned shard, of; /* of 0: refused */
	} table[] = {
		{"0/1", 0, 1}, {"0/4", 0, 4},  {"3/4", 3, 4},    {"999/1000", 999, 1000},
		{"4/4", 0, 0}, {"1", 0, 0},    {"/4", 0, 0},     {"0/", 0, 0},
		{"0/0", 0, 0}, {"-1/4", 0, 0}, {"0/1001", 0, 0}, {"0/4/2", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		scoped(problem_finish) struct problems problems = {0};
		struct options options = {.shard = table[i].text};
		struct limits limits;
		limits_read(&options, &limits, &problems);
		assert_int_equal(problems.error_count, table[i].of ? 0 : 1);
		assert_int_equal(limits.shard, table[i].shard);
		assert_int_equal(limits.shard_of, table[i].of ? table[i].of : 1);
	}
}

static void test_nothing_given(void **state)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options = {0};
	struct limits limits;
	(void)state;
	limits_read(&options, &limits, &problems);
	assert_int_equal(problems.error_count, 0);
	assert_int_equal(limits.bytes_per_second, 0);
	assert_int_equal(limits.shard_of, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_shard),
		cmocka_unit_test(test_nothing_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
