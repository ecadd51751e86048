/* How many connections a blob is worth: rates in, decisions out. */
#include "copy/ladder.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MB = 1000000 };

static struct ladder_sample sample_of(double mb_per_second, int64_t ms, int64_t waited_ms)
{
	return (struct ladder_sample){
		.bytes = (int64_t)(mb_per_second * 1000 * (double)ms),
		.ms = ms,
		.waited_ms = waited_ms,
	};
}

static void test_when_a_trial_is_worth_while(void **state)
{
	static const struct {
		double rate; /* MB a second */
		int64_t ms, waited_ms, left;
		bool slow;
	} rows[] = {
		{25, 1000, 900, 1000 * MB, true},
		{0.3, 1000, 1000, 64 * MB, true},
		{99, 1000, 900, 4000LL * MB, true},
		{101, 1000, 900, 4000LL * MB, false}, /* a gigabit line */
		{25, 1000, 900, 80 * MB, true},
		{25, 1000, 900, 70 * MB, false}, /* less than three seconds */
		{25, 999, 900, 1000 * MB, false},
		{25, 1000, 500, 1000 * MB, true},
		{25, 1000, 499, 1000 * MB, false}, /* the destination is as slow */
		{0, 1000, 1000, 1000 * MB, false}, /* it hangs */
		{25, 1000, 1000, 0, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct ladder_sample one =
			sample_of(rows[i].rate, rows[i].ms, rows[i].waited_ms);
		assert_int_equal(ladder_slow(&one, rows[i].left), rows[i].slow);
	}
}

static void test_gains(void **state)
{
	static const struct {
		double fewer, more;
		int64_t ms;
		bool gains;
	} rows[] = {
		{25, 50, 1000, true},  {25, 31.25, 1000, true}, {25, 31, 1000, false},
		{25, 25, 1000, false}, {25, 12, 1000, false},   {25, 50, 1, true},
		{0, 1, 1000, true},    {100, 800, 77, true},    {1e6, 2e6, 100000, true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct ladder_sample fewer = sample_of(rows[i].fewer, 1000, 0);
		const struct ladder_sample more = sample_of(rows[i].more, rows[i].ms, 0);
		assert_int_equal(ladder_gains(&fewer, &more), rows[i].gains);
	}
}

static void test_the_faster_one(void **state)
{
	const struct ladder_sample none = {0}, slow = sample_of(1, 3000, 0);
	const struct ladder_sample fast = sample_of(2, 1000, 0);
	(void)state;
	assert_int_equal(ladder_faster(&slow, &none).ms, 3000);
	assert_int_equal(ladder_faster(&slow, &fast).ms, 1000);
	assert_int_equal(ladder_faster(&fast, &slow).ms, 1000);
}

/* From a single connection with 10 MB a second on; each row is a life of one blob. */
static void test_steps(void **state)
{
	static const struct {
		double rates[8];   /* of the samples, MB a second */
		int share;         /* percent of the time that the reader waits */
		unsigned count[8]; /* after each of them; 0: the end */
		bool settled;
	} rows[] = {
		/* each connection brings as much as the first */
		{{20, 40, 80, 10}, 90, {4, 8, 8, 8}, true},
		/* the line is full with four */
		{{20, 40, 41, 42}, 90, {4, 8, 8, 4}, true},
		{{20, 40, 41, 80}, 90, {4, 8, 8, 8}, true},
		/* the trial was wrong: two bring no more than one */
		{{10, 11}, 90, {2, 1}, true},
		/* one bad sample proves nothing */
		{{10, 20, 12, 40, 80}, 90, {2, 4, 4, 8, 8}, true},
		/* a destination that takes no more says nothing about the source */
		{{12, 12, 12, 12}, 19, {2, 2, 2, 2}, false},
		{{20, 40, 40, 40}, 20, {4, 8, 8, 4}, true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct ladder_sample one = sample_of(10, 1000, 1000);
		struct ladder ladder;
		ladder_begin(&ladder, &one);
		assert_int_equal(ladder.count, 2);
		for (size_t j = 0; j < array_count(rows[i].rates) && rows[i].count[j]; j++) {
			const struct ladder_sample now =
				sample_of(rows[i].rates[j], 1000, rows[i].share * 10);
			assert_int_equal(ladder_step(&ladder, &now), rows[i].count[j]);
			assert_int_equal(ladder.count, rows[i].count[j]);
			assert_true(ladder.count <= LADDER_MOST);
		}
		assert_int_equal(ladder.settled, rows[i].settled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_a_trial_is_worth_while),
		cmocka_unit_test(test_gains),
		cmocka_unit_test(test_the_faster_one),
		cmocka_unit_test(test_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
