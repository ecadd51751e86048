/* When runs are due: periods, runs that take longer, clocks that are set. */
#include "serve/schedule.h"

#include "serve/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR, START = 1000000 };

static struct schedule each(int64_t period)
{
	return (struct schedule){.period = period};
}

static struct schedule daily(void)
{
	struct schedule schedule = {.period = 0};
	struct error err;
	assert_true(zone_set("UTC", &err));
	assert_true(cron_parse(STR("@daily"), &schedule.cron, &err));
	return schedule;
}

static void test_a_period(void **state)
{
	struct schedule schedule = each(HOUR);
	(void)state;
	assert_int_equal(schedule_start(&schedule, START), START);
	assert_int_equal(schedule_next(&schedule, START), START + HOUR);
	/* One that starts late does not put off the others. */
	assert_int_equal(schedule_next(&schedule, START + HOUR + 7), START + 2 * HOUR);
	assert_int_equal(schedule_next(&schedule, START + 2 * HOUR - 1), START + 2 * HOUR);
}

/* The first run takes two and a half hours: another follows at once, then that at the third. */
static void test_a_long_run(void **state)
{
	struct schedule schedule = each(HOUR);
	(void)state;
	schedule_start(&schedule, START);
	int64_t end = START + 5 * HOUR / 2;
	assert_true(schedule_next(&schedule, START) <= end);
	assert_int_equal(schedule_next(&schedule, end), START + 3 * HOUR);
}

static void test_cron(void **state)
{
	struct schedule schedule = daily();
	(void)state;
	assert_int_equal(schedule_start(&schedule, 10 * DAY + 1), 11 * DAY);
	assert_int_equal(schedule_next(&schedule, 11 * DAY), 12 * DAY);
	/* Three that were missed are one. */
	assert_int_equal(schedule_next(&schedule, 14 * DAY + 5), 15 * DAY);
}

static void test_a_clock_that_is_set(void **state)
{
	struct schedule hourly = each(HOUR), night = daily();
	int64_t now = 20 * DAY + 12 * HOUR, due = 21 * DAY;
	(void)state;
	schedule_start(&hourly, now);
	/* Nothing happened. */
	assert_int_equal(schedule_adjust(&hourly, now + HOUR, now, now + 1), now + HOUR);
	assert_int_equal(schedule_adjust(&night, due, now, now + 1), due);
	/* Forth: what is due stays so, and runs. */
	assert_int_equal(schedule_adjust(&hourly, now + HOUR, now, now + 9 * DAY), now + HOUR);
	assert_int_equal(schedule_adjust(&night, due, now, now + 9 * DAY), due);
	/* Back by a little just after a run: the same time is not due once more. */
	assert_int_equal(schedule_adjust(&night, due + DAY, due + 5, due - 60), due + DAY);
	assert_int_equal(schedule_adjust(&night, due, now, now - 3 * HOUR), due);
	/* Back by days. */
	assert_int_equal(schedule_adjust(&night, due, now, now - 9 * DAY), due - 9 * DAY);
	assert_int_equal(schedule_adjust(&hourly, now + HOUR, now, now - 60), now - 60 + HOUR);
	assert_int_equal(schedule_next(&hourly, now - 60 + HOUR), now - 60 + 2 * HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_period),
		cmocka_unit_test(test_a_long_run),
		cmocka_unit_test(test_cron),
		cmocka_unit_test(test_a_clock_that_is_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
