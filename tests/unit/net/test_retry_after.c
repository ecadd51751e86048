/* Retry-After: seconds, dates, nonsense. */
#include "net/retry_after.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT */
enum { NOW = 784111777 };

static const struct {
	const char *value;
	int64_t now;
	int seconds;
} rows[] = {
	{"0", NOW, 0},
	{"1", NOW, 1},
	{" 120 ", NOW, 120},
	{"0030", NOW, 30},
	{"2147483647", NOW, 2147483647},
	{"2147483648", NOW, -1},
	{"99999999999999999999", NOW, -1},
	{"-1", NOW, -1},
	{"+1", NOW, -1},
	{"1.5", NOW, -1},
	{"1.889377ms", NOW, -1},
	{"1s", NOW, -1},
	{"1, 2", NOW, -1},
	{"", NOW, -1},
	{"soon", NOW, -1},
	{"soon", 0, -1},
	{"Sun, 06 Nov 2030 08:49:37 UTC", 0, -1},
	{"Sun, 06 Nov 1994 08:49:37 GMT", NOW, 0},
	{"Sun, 06 Nov 1994 08:50:37 GMT", NOW, 60},
	{"Mon, 07 Nov 1994 08:49:37 GMT", NOW, 86400},
	{"Sun, 06 Nov 1994 08:49:36 GMT", NOW, -1},
	{"Thu, 01 Jan 1970 00:00:10 GMT", 0, 10},
	{"Sat, 01 Jan 2000 00:00:00 GMT", 946684790, 10},
	{"Tue, 29 Feb 2028 00:00:00 GMT", 1835395195, 5},
	{"Fri, 31 Dec 2027 23:59:60 GMT", 1830297590, 9},
	{"Thu, 29 Feb 2029 00:00:00 GMT", NOW, -1},
	{"Fri, 31 Feb 2028 00:00:00 GMT", NOW, -1},
	{"Sun, 00 Nov 2030 08:49:37 GMT", NOW, -1},
	{"Sun, 06 Nov 2030 24:00:00 GMT", NOW, -1},
	{"Sun, 06 Nov 2030 08:60:00 GMT", NOW, -1},
	{"Sun, 06 Nov 2030 08:49:61 GMT", NOW, -1},
	{"Sun, 06 nov 2030 08:49:37 GMT", NOW, -1},
	{"Sun, 06 Nov 2030 08:49:37 UTC", NOW, -1},
	{"Sun, 6 Nov 2030 08:49:37 GMT", NOW, -1},
	{"Sun, +6 Nov 2030 08:49:37 GMT", NOW, -1},
	{"Sun,  6 Nov 2030 08:49:37 GMT", NOW, -1},
	{"Sun Nov  6 08:49:37 2030", NOW, -1},
	{"Sunday, 06-Nov-30 08:49:37 GMT", NOW, -1},
	{"2030-11-06T08:49:37Z", NOW, -1},
	{"Sun, 06 Nov 9999 08:49:37 GMT", NOW, -1},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int seconds = retry_after_parse(str_of(rows[i].value), rows[i].now);
		if (seconds != rows[i].seconds)
			fail_msg("\"%s\": %d", rows[i].value, seconds);
	}
	assert_int_equal(retry_after_parse((struct str){0}, NOW), -1);
}

static void test_the_clock_of_the_server(void **state)
{
	(void)state;
	assert_int_equal(retry_after_clock(STR("Sun, 06 Nov 1994 08:49:37 GMT"), NOW), 784111777);
	assert_int_equal(retry_after_clock(STR(" Sun, 06 Nov 1994 08:49:37 GMT "), NOW), 784111777);
	assert_int_equal(retry_after_clock(STR("yesterday"), NOW), NOW);
	assert_int_equal(retry_after_clock((struct str){0}, NOW), NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_the_clock_of_the_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
