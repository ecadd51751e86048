/* Which texts are zones, what the C library makes of them, and what is left alone. */
#include "serve/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-01-15 and 2026-07-15, noon. */
enum { WINTER = 1768478400, SUMMER = 1784116800 };

static long ahead(time_t when)
{
	struct tm local;
	localtime_r(&when, &local);
	return local.tm_gmtoff / 60;
}

static void test_taken(void **state)
{
	static const struct {
		const char *zone;
		long winter, summer; /* minutes ahead of UTC */
	} cases[] = {
		{"UTC", 0, 0},
		{"utc", 0, 0},
		{"Z", 0, 0},
		{":UTC", 0, 0},
		{"+02:00", 120, 120},
		{"+02", 120, 120},
		{"-09:30", -570, -570},
		{"+14:00", 840, 840},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 60, 120},
		{"EST5EDT4,M3.2.0/2:00:00,M11.1.0", -300, -240},
		{"<+0330>-3:30", 210, 210},
		{"NZST-12NZDT,J270/2,90", 780, 720},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct error err;
		if (!zone_set(cases[i].zone, &err))
			fail_msg("%s", err.text);
		if (ahead(WINTER) != cases[i].winter || ahead(SUMMER) != cases[i].summer)
			fail_msg("%s: %ld and %ld minutes", cases[i].zone, ahead(WINTER),
				 ahead(SUMMER));
	}
}

static void test_names(void **state)
{
	struct error err;
	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	assert_true(zone_set("Europe/Berlin", &err));
	assert_int_equal(ahead(WINTER), 60);
	assert_int_equal(ahead(SUMMER), 120);
	assert_true(zone_set("Etc/GMT+5", &err));
	assert_int_equal(ahead(WINTER), -300);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"Europe/Berln",
		"Europe",
		"../../etc/passwd",
		"/etc/localtime",
		"./x",
		"Europe/../../../../etc/passwd",
		"2",
		"+2",
		"+2:00",
		"+0200",
		"+15:00",
		"+02:60",
		"+02:00 ",
		"CET-1CEST",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,J366,M10.5.0",
		"CET-1CEST,M3.5.0,M10.5.0,",
		"CET-25",
		"AB-1",
		"<+02-2",
	};
	struct error err;
	(void)state;
	assert_true(zone_set("+03:00", &err));
	for (size_t i = 0; i < array_count(texts); i++) {
		if (zone_set(texts[i], &err))
			fail_msg("\"%s\" is taken", texts[i]);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_int_equal(ahead(WINTER), 180);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
