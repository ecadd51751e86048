/* When to try again: the pure function, and that the loop built on it ends. */
#include "base/retry.h"

#include "base/scoped.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_kinds(void **state)
{
	static const enum error_kind helped[] = {ERROR_LIMITED, ERROR_UNAVAILABLE,
						 ERROR_NETWORK, ERROR_UNREACHABLE,
						 ERROR_CORRUPT, ERROR_MEMORY};
	(void)state;
	for (int kind = ERROR_NONE; kind <= ERROR_CANCELED; kind++) {
		bool expected = false;
		for (size_t i = 0; i < array_count(helped); i++)
			expected = expected || (int)helped[i] == kind;
		if (retry_helps((enum error_kind)kind) != expected)
			fail_msg("%s", error_kind_name((enum error_kind)kind));
	}
}

/* low and high are the waits with the smallest and the largest random number; -1: no more. */
static const struct {
	enum error_kind kind;
	unsigned attempt;
	int retry_after;
	long low, high;
} rows[] = {
	{ERROR_NETWORK, 0, -1, 250, 500},
	{ERROR_NETWORK, 1, -1, 750, 1500},
	{ERROR_NETWORK, 2, -1, 2250, 4500},
	{ERROR_NETWORK, 3, -1, 6750, 13500},
	{ERROR_NETWORK, 4, -1, 20250, 40500},
	{ERROR_NETWORK, 5, -1, -1, -1},
	{ERROR_NETWORK, UINT_MAX - 1, -1, -1, -1},
	{ERROR_UNAVAILABLE, 4, -1, 20250, 40500},
	{ERROR_LIMITED, 0, -1, 250, 500},
	{ERROR_LIMITED, 0, 0, 250, 500},
	{ERROR_LIMITED, 0, 5, 5000, 5249},
	{ERROR_LIMITED, 0, 60, 60000, 60249},
	{ERROR_LIMITED, 0, 61, -1, -1},
	{ERROR_LIMITED, 0, INT_MAX, -1, -1},
	{ERROR_LIMITED, 4, 1, 20250, 40500},
	{ERROR_UNREACHABLE, 1, -1, 750, 1500},
	{ERROR_UNREACHABLE, 4, -1, 20250, 40500},
	{ERROR_UNREACHABLE, 5, -1, -1, -1},
	{ERROR_NOT_TLS, 0, -1, -1, -1},
	{ERROR_CORRUPT, 0, -1, 250, 500},
	{ERROR_CORRUPT, 1, -1, -1, -1},
	{ERROR_MEMORY, 1, -1, -1, -1},
	{ERROR_DENIED, 0, -1, -1, -1},
	{ERROR_MISSING, 0, 5, -1, -1},
	{ERROR_CANCELED, 0, -1, -1, -1},
	{ERROR_NONE, 0, -1, -1, -1},
};

static void test_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct error err = {.kind = rows[i].kind, .retry_after = rows[i].retry_after};
		long low = LONG_MAX;
		long high = -1;
		for (unsigned random = 0; random < 100000; random++) {
			unsigned wait;
			if (!retry_next(&retry_default, rows[i].attempt, &err, random, &wait))
				break;
			low = (long)wait < low ? (long)wait : low;
			high = (long)wait > high ? (long)wait : high;
		}
		low = high < 0 ? -1 : low;
		if (low != rows[i].low || high != rows[i].high)
			fail_msg("row %zu: %ld to %ld ms", i, low, high);
	}
}

/* Where all wait together nobody counts, unless there is another place to ask. */
static void test_awaited(void **state)
{
	const struct retry_policy hasty = {.attempts = 2, .base_ms = 500, .cap_ms = 500};
	struct error err = {.kind = ERROR_NETWORK, .retry_after = -1, .awaited = true};
	unsigned wait = 1;
	(void)state;
	assert_true(retry_next(&retry_default, 100, &err, 0, &wait));
	assert_int_equal(wait, 0);
	assert_true(retry_next(&hasty, 0, &err, 0, &wait));
	assert_int_equal(wait, 250);
	assert_false(retry_next(&hasty, 1, &err, 0, &wait));
	err.exhausted = true;
	assert_false(retry_next(&retry_default, 0, &err, 0, &wait));
	error_set(&err, ERROR_NETWORK, "lost");
	assert_false(err.awaited);
}

static void test_few_attempts(void **state)
{
	const struct retry_policy once = {.attempts = 1, .base_ms = 1, .cap_ms = 1};
	const struct retry_policy never = {0};
	struct error err = {.kind = ERROR_NETWORK, .retry_after = -1};
	unsigned wait;
	(void)state;
	assert_false(retry_next(&once, 0, &err, 0, &wait));
	assert_false(retry_next(&never, 0, &err, 0, &wait));
}

/* Waits never exceed the cap, and nothing overflows on the way there. */
static void test_cap(void **state)
{
	const struct retry_policy policy = {.attempts = UINT_MAX, .base_ms = 900, .cap_ms = 1000};
	struct error err = {.kind = ERROR_NETWORK, .retry_after = -1};
	unsigned wait;
	(void)state;
	assert_true(retry_next(&policy, UINT_MAX - 2, &err, UINT_MAX, &wait));
	assert_in_range(wait, 500, 1000);
	assert_true(retry_next(&policy, 1, &err, 500, &wait));
	assert_int_equal(wait, 1000);
}

static void test_loop(void **state)
{
	const struct retry_policy policy = {.attempts = 4, .base_ms = 1, .cap_ms = 2};
	struct error err = {.kind = ERROR_NETWORK, .retry_after = -1};
	unsigned calls = 1;
	(void)state;
	for (unsigned attempt = 0; retry_wait(&policy, attempt, &err); attempt++)
		calls++;
	assert_int_equal(calls, 4);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_true(err.exhausted);
}

/* A loop around a loop does not start all over with an error the inner one gave up. */
static void test_exhausted(void **state)
{
	const struct retry_policy policy = {.attempts = 3, .base_ms = 1, .cap_ms = 2};
	struct error err;
	unsigned calls = 0;
	unsigned wait;
	(void)state;
	for (unsigned outer = 0;; outer++) {
		for (unsigned inner = 0;; inner++) {
			error_set(&err, ERROR_UNAVAILABLE, "down");
			assert_false(err.exhausted);
			calls++;
			if (!retry_wait(&policy, inner, &err))
				break;
		}
		if (!retry_wait(&policy, outer, &err))
			break;
	}
	assert_int_equal(calls, 3);
	assert_true(err.exhausted);
	assert_false(retry_next(&retry_default, 0, &err, 0, &wait));
}

/* What no try can cure was not tried often either: it says nothing about other repositories. */
static void test_final_is_not_exhausted(void **state)
{
	static const enum error_kind final[] = {ERROR_MISSING, ERROR_DENIED, ERROR_REFUSED};
	(void)state;
	for (size_t i = 0; i < array_count(final); i++) {
		struct error err;
		error_set(&err, final[i], "no");
		assert_false(retry_wait(&retry_default, 0, &err));
		assert_false(err.exhausted);
	}
}

/* What only one attempt was allowed for was not tried often: the loop around decides. */
static void test_single_is_not_exhausted(void **state)
{
	const struct retry_policy once = {.attempts = 1};
	struct error err;
	unsigned wait;
	(void)state;
	error_set(&err, ERROR_NETWORK, "lost");
	assert_false(retry_wait(&once, 0, &err));
	assert_false(err.exhausted);
	assert_true(retry_next(&retry_default, 0, &err, 0, &wait));
}

/* A server that wants more patience than there is: nobody waits, and nobody asks again. */
static void test_patience(void **state)
{
	struct error err;
	(void)state;
	error_set(&err, ERROR_LIMITED, "slow down");
	err.retry_after = 999;
	assert_false(retry_wait(&retry_default, 0, &err));
	assert_int_equal(err.kind, ERROR_LIMITED);
	assert_true(err.exhausted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_awaited),
		cmocka_unit_test(test_few_attempts),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_single_is_not_exhausted),
		cmocka_unit_test(test_final_is_not_exhausted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
