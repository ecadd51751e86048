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

/* A server's look at the clock. True: a run is due, and has begun. */
static bool look(struct schedule *schedule, int64_t *due, int64_t *looked, int64_t now)
{
	*due = schedule_adjust(schedule, *due, *looked, now);
	*looked = now;
	if (now < *due)
		return false;
	*due = schedule_next(schedule, now);
	return true;
}

/* Somebody, or something, sets the clock back and forth by up to two hours, for a hundred days. */
static void test_a_clock_that_is_set_again_and_again(void **state)
{
	struct schedule hourly = each(HOUR), night = daily();
	int64_t begun = 20 * DAY + 12 * HOUR, looked[2] = {begun, begun};
	int64_t due[] = {schedule_start(&hourly, begun), schedule_start(&night, begun)};
	unsigned runs[2] = {0}, random = 1;
	(void)state;
	for (int64_t real = begun; real < begun + 100 * DAY; real += 600) {
		random = random * 1103515245 + 12345;
		int64_t ahead = (int64_t)(random >> 16) % (2 * HOUR);
		int64_t now = real + (real / 600 % 7 ? 0 : ahead);
		runs[0] += look(&hourly, &due[0], &looked[0], now);
		runs[1] += look(&night, &due[1], &looked[1], now);
		assert_in_range(due[0], now + 1, now + HOUR);
		assert_in_range(due[1], now + 1, now + DAY + 2 * HOUR);
	}
	/* Each night once; hours are counted from when the clock was set. */
	assert_int_equal(runs[1], 100);
	assert_true(runs[0] >= 100 && runs[0] <= 100 * 24 * 2);
}

/* By years, as on a machine without a battery that finds the time later, and loses it again. */
static void test_a_clock_without_a_battery(void **state)
{
	struct schedule hourly = each(HOUR), night = daily();
	const int64_t now = 50 * 365 * DAY + 12 * HOUR;
	int64_t looked[2] = {0, 0};
	int64_t due[] = {schedule_start(&hourly, 0), schedule_start(&night, 0)};
	(void)state;
	assert_true(look(&hourly, &due[0], &looked[0], 0));
	for (int i = 0; i < 3; i++) {
		/* What was missed runs once, and not again for each of the years. */
		assert_true(look(&hourly, &due[0], &looked[0], now));
		assert_true(look(&night, &due[1], &looked[1], now));
		assert_false(look(&hourly, &due[0], &looked[0], now + 1));
		assert_false(look(&night, &due[1], &looked[1], now + 1));
		/* Back at the beginning they do not wait for fifty years. */
		assert_false(look(&hourly, &due[0], &looked[0], 5));
		assert_false(look(&night, &due[1], &looked[1], 5));
		assert_int_equal(due[0], 5 + HOUR);
		assert_int_equal(due[1], DAY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_period),
		cmocka_unit_test(test_a_long_run),
		cmocka_unit_test(test_cron),
		cmocka_unit_test(test_a_clock_that_is_set),
		cmocka_unit_test(test_a_clock_that_is_set_again_and_again),
		cmocka_unit_test(test_a_clock_without_a_battery),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
