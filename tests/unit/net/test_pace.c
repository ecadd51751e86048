/* How fast one server is asked: the window, the pause and the rate, with a clock of the test's. */
#include "net/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Begins as many requests as the window takes. */
static unsigned begin_all(struct pace *pace, int64_t now)
{
	unsigned begun = 0;
	while (begun < 1000 && pace_begin(pace, now, true) == 0)
		begun++;
	return begun;
}

static void end_good(struct pace *pace, unsigned count)
{
	while (count--) {
		pace_good(pace);
		pace_end(pace);
	}
}

static void test_no_burst_at_the_start(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	assert_int_equal(begin_all(&pace, 0), PACE_WINDOW_FIRST);
	assert_int_equal(pace_begin(&pace, 0, true), PACE_LATER);
	end_good(&pace, PACE_WINDOW_FIRST);
	assert_int_equal(begin_all(&pace, 1), 2 * PACE_WINDOW_FIRST);
	end_good(&pace, 2 * PACE_WINDOW_FIRST);
	for (int i = 0; i < 20; i++)
		end_good(&pace, begin_all(&pace, 2 + i));
	assert_int_equal(begin_all(&pace, 100), PACE_WINDOW_MAX);
}

/* Bodies under way take no place, whatever the window. */
static void test_uncounted(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	begin_all(&pace, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pace_begin(&pace, 0, false), 0);
	assert_int_equal(pace.busy, PACE_WINDOW_FIRST);
}

/* Twelve refusals of requests that were under way together are one message, not twelve. */
static void test_refusals_of_one_moment_count_once(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	end_good(&pace, begin_all(&pace, 0));
	assert_int_equal(begin_all(&pace, 10), 16);
	for (int i = 0; i < 12; i++) {
		pace_refused(&pace, 20 + i, 10, -1);
		pace_end(&pace);
	}
	assert_int_equal(pace.window, 8);
	end_good(&pace, 4);
	assert_int_equal(pace.busy, 0);
	assert_int_equal(begin_all(&pace, 40), 8);
	pace_refused(&pace, 50, 40, -1);
	assert_int_equal(pace.window, 4);
}

/* What was really under way is halved, and never to nothing. */
static void test_halved_from_use(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	assert_int_equal(pace_begin(&pace, 0, true), 0);
	pace_refused(&pace, 1, 0, -1);
	pace_end(&pace);
	assert_int_equal(pace.window, 1);
	assert_int_equal(begin_all(&pace, 2), 1);
	pace_refused(&pace, 3, 2, -1);
	assert_int_equal(pace.window, 1);
}

/* After a refusal the window grows by one for a whole window of good answers. */
static void test_grows_back_slowly(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	begin_all(&pace, 0);
	pace_refused(&pace, 1, 0, -1);
	assert_int_equal(pace.window, 4);
	for (int i = 0; i < 3; i++)
		pace_good(&pace);
	assert_int_equal(pace.window, 4);
	pace_good(&pace);
	assert_int_equal(pace.window, 5);
	for (int i = 0; i < 5; i++)
		pace_good(&pace);
	assert_int_equal(pace.window, 6);
}

/* What one worker is told holds for all of them. */
static void test_retry_after_is_a_floor(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0);
	assert_int_equal(pace_begin(&pace, 1000, true), 0);
	pace_refused(&pace, 1000, 1000, 7);
	pace_end(&pace);
	assert_int_equal(pace_begin(&pace, 1000, true), 7000);
	assert_int_equal(pace_begin(&pace, 1000, false), 7000);
	pace_refused(&pace, 2000, 1000, 1); /* a shorter one takes nothing back */
	assert_int_equal(pace_begin(&pace, 7999, true), 1);
	assert_int_equal(pace_begin(&pace, 8000, true), 0);
	pace_refused(&pace, 8000, 8000, 86400);
	pace_end(&pace);
	/* More than anybody waits for: whoever asks next is told so as well. */
	assert_int_equal(pace_begin(&pace, 8000, true), 0);
}

/* Four in a second, whoever asks and however late the clock is. */
static void test_rate(void **state)
{
	struct pace pace;
	unsigned begun = 0;
	(void)state;
	pace_init(&pace, 4);
	for (int64_t now = 5000; now < 15000; now++)
		begun += pace_begin(&pace, now, false) == 0;
	assert_int_equal(begun, 40);
	assert_int_equal(pace_begin(&pace, 100000, false), 0);
	assert_int_equal(pace_begin(&pace, 100000, false), 250);
	pace_init(&pace, 300);
	begun = 0;
	for (int64_t now = 5000; now < 15000; now++)
		begun += pace_begin(&pace, now, false) == 0;
	assert_in_range(begun, 2990, 3001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_burst_at_the_start),
		cmocka_unit_test(test_uncounted),
		cmocka_unit_test(test_refusals_of_one_moment_count_once),
		cmocka_unit_test(test_halved_from_use),
		cmocka_unit_test(test_grows_back_slowly),
		cmocka_unit_test(test_retry_after_is_a_floor),
		cmocka_unit_test(test_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
