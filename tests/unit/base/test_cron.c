/* Times of a crontab: what is read, what is refused, and when the next one is, in several zones. */
#include "base/cron.h"

#include "base/clock.h"
#include "oci/timestamp.h"
#include "serve/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The rules themselves, so that the test needs no files of zones. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define SANTIAGO "<-04>4<-03>,M9.1.6/24,M4.1.6/24"

static int64_t seconds(const char *text)
{
	int64_t out = 0;
	assert_true(timestamp_parse(str_of(text), &out));
	return out;
}

static struct cron parsed(const char *text)
{
	struct cron cron;
	struct error err;
	if (!cron_parse(str_of(text), &cron, &err))
		fail_msg("%s: %s", text, err.text);
	return cron;
}

static void set_zone(const char *zone)
{
	struct error err;
	if (!zone_set(zone, &err))
		fail_msg("%s", err.text);
}

static void test_next(void **state)
{
	static const struct {
		const char *zone, *cron, *after, *next;
	} cases[] = {
		/* fields */
		{"UTC", "* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
		{"UTC", "* * * * *", "2026-01-01T00:00:59Z", "2026-01-01T00:01:00Z"},
		{"UTC", "17 3 * * *", "2026-01-01T03:16:59Z", "2026-01-01T03:17:00Z"},
		{"UTC", "17 3 * * *", "2026-01-01T03:17:00Z", "2026-01-02T03:17:00Z"},
		{"UTC", " 17\t3 * * * ", "2026-12-31T04:00:00Z", "2027-01-01T03:17:00Z"},
		{"UTC", "*/20 * * * *", "2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z"},
		{"UTC", "*/25 * * * *", "2026-01-01T00:50:00Z", "2026-01-01T01:00:00Z"},
		{"UTC", "5-10/5,50 8-9,20 * * *", "2026-01-01T09:10:00Z", "2026-01-01T09:50:00Z"},
		{"UTC", "5-10/5,50 8-9,20 * * *", "2026-01-01T09:50:00Z", "2026-01-01T20:05:00Z"},
		{"UTC", "0 0 1 JAN *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"UTC", "0 0 1 feb-apr/2 *", "2026-02-02T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"UTC", "0 12 31 * *", "2026-01-31T12:00:00Z", "2026-03-31T12:00:00Z"},
		/* both days given: one is enough, unless one begins with a star */
		{"UTC", "0 0 13 * fri", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z"},
		{"UTC", "0 0 13 * mon", "2026-11-10T00:00:00Z", "2026-11-13T00:00:00Z"},
		{"UTC", "0 0 */2 * mon", "2026-11-03T00:00:00Z", "2026-11-09T00:00:00Z"},
		{"UTC", "0 0 1 * */7", "2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"UTC", "0 0 * * 7", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"},
		{"UTC", "0 0 * * 0", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"},
		{"UTC", "0 0 * * fri-sun", "2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z"},
		{"UTC", "0 0 * * 6-7", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"},
		{"UTC", "0 0 30 2 mon", "2026-11-24T00:00:00Z", "2027-02-01T00:00:00Z"},
		/* leap days */
		{"UTC", "0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"UTC", "0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"UTC", "59 23 29 2 *", "2028-02-29T23:58:00Z", "2028-02-29T23:59:00Z"},
		{"UTC", "0 0 29 2 */7", "2026-01-01T00:00:00Z", "2032-02-29T00:00:00Z"},
		{"UTC", "0 0 29 2 */7", "2088-03-01T00:00:00Z", "2128-02-29T00:00:00Z"},
		{BERLIN, "0 0 */31 1 mon", "2029-01-01T00:00:00Z", "2034-12-31T23:00:00Z"},
		/* words */
		{"UTC", "@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"},
		{"UTC", "@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		{"UTC", "@Midnight", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		{"UTC", "@weekly", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"},
		{"UTC", "@monthly", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		{"UTC", "@yearly", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"UTC", "@annually", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		/* zones */
		{"+02:00", "30 1 * * *", "2026-06-30T00:00:00Z", "2026-06-30T23:30:00Z"},
		{"-09:30", "0 0 * * *", "2026-06-30T00:00:00Z", "2026-06-30T09:30:00Z"},
		{"+05:45", "0 0 1 * *", "2026-06-29T00:00:00Z", "2026-06-30T18:15:00Z"},
		{BERLIN, "17 3 * * *", "2026-07-01T00:00:00Z", "2026-07-01T01:17:00Z"},
		{BERLIN, "17 3 * * *", "2026-12-01T00:00:00Z", "2026-12-01T02:17:00Z"},
		/* 2026-03-29 has no 02:00 to 02:59 in Berlin: what is fixed comes at its end */
		{BERLIN, "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{BERLIN, "30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{BERLIN, "10,50 2 * * *", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"},
		{BERLIN, "0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{BERLIN, "*/30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z"},
		{BERLIN, "30 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		{BERLIN, "30 2 29 3 *", "2026-01-01T00:00:00Z", "2026-03-29T01:00:00Z"},
		{BERLIN, "30 2 28 3 *", "2026-03-28T12:00:00Z", "2027-03-28T01:00:00Z"},
		/* 2026-10-25 has 02:00 to 02:59 twice: what is fixed comes the first time */
		{BERLIN, "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{BERLIN, "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{BERLIN, "30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{BERLIN, "*/30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
		{BERLIN, "0 3 * * *", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z"},
		{NEW_YORK, "30 2 8 3 *", "2026-01-01T00:00:00Z", "2026-03-08T07:00:00Z"},
		{NEW_YORK, "30 1 1 11 *", "2026-01-01T00:00:00Z", "2026-11-01T05:30:00Z"},
		{NEW_YORK, "30 1 * * *", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
		/* half an hour of summer time */
		{LORD_HOWE, "15 2 * * *", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"},
		{LORD_HOWE, "45 1 * * *", "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"},
		{LORD_HOWE, "45 1 * * *", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"},
		/* a day without its midnight, and one with two last hours */
		{SANTIAGO, "0 0 * * *", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
		{SANTIAGO, "30 23 * * *", "2026-04-04T12:00:00Z", "2026-04-05T02:30:00Z"},
		{SANTIAGO, "30 23 * * *", "2026-04-05T02:30:00Z", "2026-04-06T03:30:00Z"},
		{SANTIAGO, "0 0 6 9 *", "2026-01-01T00:00:00Z", "2026-09-06T04:00:00Z"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		char found[CLOCK_TEXT_SIZE];
		struct cron cron = parsed(cases[i].cron);
		set_zone(cases[i].zone);
		clock_rfc3339(cron_next(&cron, seconds(cases[i].after)), found);
		if (strcmp(found, cases[i].next) != 0)
			fail_msg("%s in %s after %s: %s instead of %s", cases[i].cron,
				 cases[i].zone, cases[i].after, found, cases[i].next);
	}
}

/* Whether the minute is one that a schedule of stars and these days and hours has. */
static void test_every_minute_of_a_year(void **state)
{
	static const char *const texts[] = {"*/7 */5 * * *", "3 4-6 1-7 * mon", "0 0 1,15 * 3-5",
					    "59 23 31 */3 *", "* 12 29 2 *"};
	(void)state;
	set_zone("UTC");
	for (size_t i = 0; i < array_count(texts); i++) {
		struct cron cron = parsed(texts[i]);
		int64_t begin = seconds("2028-01-01T00:00:00Z"), end = begin + 366 * 86400;
		int64_t next = cron_next(&cron, begin - 60);
		for (int64_t now = begin; now < end; now += 60) {
			time_t when = (time_t)now;
			struct tm utc;
			gmtime_r(&when, &utc);
			bool day = cron.days >> utc.tm_mday & 1;
			bool weekday = cron.weekdays >> utc.tm_wday & 1;
			bool either = !cron.any_day && !cron.any_weekday;
			bool wanted = cron.minutes >> utc.tm_min & cron.hours >> utc.tm_hour &
				      cron.months >> (utc.tm_mon + 1) & 1;
			wanted = wanted && (either ? day || weekday : day && weekday);
			if (wanted != (now == next))
				fail_msg("%s at %lld", texts[i], (long long)now);
			if (now == next)
				next = cron_next(&cron, now);
		}
	}
}

static void test_mistakes(void **state)
{
	static const char five[] = "expected five fields as in \"17 3 * * *\": minute, hour, day "
				   "of the month, month, day of the week";
	static const char never[] = "no such month has such a day, so this time would never come: "
				    "check the third and the fourth field";
	static const struct {
		const char *cron, *words;
	} cases[] = {
		{"", five},
		{"* * * *", five},
		{"* * * * * *", five},
		{"60 * * * *", "minute \"60\": expected 0 to 59"},
		{"-1 * * * *", "minute \"\": expected 0 to 59"},
		{"1.5 * * * *", "minute \"1.5\": expected 0 to 59"},
		{"1, * * * *", "minute \"\": expected 0 to 59"},
		{",1 * * * *", "minute \"\": expected 0 to 59"},
		{"99999999999999999999 * * * *",
		 "minute \"99999999999999999999\": expected 0 to 59"},
		{"* 24 * * *", "hour \"24\": expected 0 to 23"},
		{"* * 0 * *", "day of the month \"0\": expected 1 to 31"},
		{"* * 32 * *", "day of the month \"32\": expected 1 to 31"},
		{"* * * 13 *", "month \"13\": expected 1 to 12, or jan to dec"},
		{"* * * june *", "month \"june\": expected 1 to 12, or jan to dec"},
		{"* * * * 8", "day of the week \"8\": expected 0 to 7, or sun to sat"},
		{"* * jan * *", "day of the month \"jan\": expected 1 to 31"},
		{"*/0 * * * *", "minute: the step of */0 must be a number from 1 to 59"},
		{"*/ * * * *", "minute: the step of */ must be a number from 1 to 59"},
		{"*/60 * * * *", "minute: the step of */60 must be a number from 1 to 59"},
		{"5/15 * * * *", "minute: 5/15 has a step without a range: write 5-59/15"},
		{"* * * * mon/2", "day of the week: mon/2 has a step without a range: write 1-6/2"},
		{"50-10 * * * *", "minute: the range 50-10 ends before it begins: write it as two, "
				  "with a comma between them"},
		{"1-2-3 * * * *", "minute \"2-3\": expected 0 to 59"},
		{"*-5 * * * *", "minute \"*\": expected 0 to 59"},
		{"@reboot", "expected @hourly, @daily, @weekly, @monthly, @yearly or five fields"},
		{"@daily *", "expected @hourly, @daily, @weekly, @monthly, @yearly or five fields"},
		{"0 0 30 2 *", never},
		{"0 0 30,31 feb *", never},
		{"0 0 31 4,6,9,11 *", never},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct cron cron;
		struct error err = {0};
		if (cron_parse(str_of(cases[i].cron), &cron, &err))
			fail_msg("\"%s\" is taken", cases[i].cron);
		assert_string_equal(err.text, cases[i].words);
		assert_int_equal(err.kind, ERROR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_every_minute_of_a_year),
		cmocka_unit_test(test_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
