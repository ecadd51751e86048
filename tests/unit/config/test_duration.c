/* Lengths of time, and ages. */
#include "config/duration.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY };

static const struct {
	const char *text;
	int64_t time; /* 0: malformed */
	int64_t age;  /* -1: the same */
} rows[] = {
	{"90s", 90, 90},
	{"5h30m", 5 * HOUR + 30 * 60, 5 * HOUR + 30 * 60},
	{"1000h", 1000 * HOUR, 1000 * HOUR},
	{"1001h", 0, 1001 * HOUR},
	{"7d", 0, 7 * DAY},
	{"2w", 0, 2 * WEEK},
	{"1w3d12h", 0, WEEK + 3 * DAY + 12 * HOUR},
	{"1000w", 0, (int64_t)1000 * WEEK},
	{"1001w", 0, -1},
	{"1000w1s", 0, -1},
	{"99999999999999999999d", 0, -1},
	{"0", 0, 0},
	{"0d", 0, -1},
	{"3d1w", 0, -1},
	{"1d1d", 0, -1},
	{"d", 0, -1},
	{"7", 0, -1},
	{"-7d", 0, -1},
	{"7 d", 0, -1},
	{"7D", 0, -1},
	{"", 0, -1},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t age = -7;
		bool right = duration_read_age(rows[i].text, &age);
		if (duration_read(rows[i].text) != (unsigned)rows[i].time ||
		    right != (rows[i].age >= 0) || (right && age != rows[i].age))
			fail_msg("%s: %u, %lld", rows[i].text, duration_read(rows[i].text),
				 (long long)age);
	}
	assert_int_equal(duration_read(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
