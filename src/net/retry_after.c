/*
 * GitHub sends durations in Go's format ("1.889377ms"), which the specification does not have. Any
 * other invalid value, such as a negative number, counts as absent, so that the program's own waits
 * apply. The date is read by position, since strptime() accepts more than the grammar and depends
 * on the locale.
 */
#include "net/retry_after.h"

#include "base/scoped.h"

#include <limits.h>
#include <string.h>
#include <time.h>

/* The number in the len digits at offset; -1 when they are not digits. */
static int number_at(struct str text, size_t offset, size_t len)
{
	int64_t number;
	return str_to_int64(str_head(str_from(text, offset), len), &number) ? (int)number : -1;
}

/* 0 for Jan; -1 when there is no month at offset. */
static int month_at(struct str text, size_t offset)
{
	static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	for (int month = 0; month < 12; month++)
		if (memcmp(names[month], text.at + offset, 3) == 0)
			return month;
	return -1;
}

/* Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT"; false for anything else. */
static bool parse_date(struct str text, int64_t *out)
{
	static const char shape[] = "aaa, 00 aaa 0000 00:00:00 GMT";
	if (text.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (shape[i] != 'a' && shape[i] != '0' && shape[i] != text.at[i])
			return false;
	struct tm date = {
		.tm_mday = number_at(text, 5, 2),
		.tm_mon = month_at(text, 8),
		.tm_year = number_at(text, 12, 4) - 1900,
		.tm_hour = number_at(text, 17, 2),
		.tm_min = number_at(text, 20, 2),
		.tm_sec = number_at(text, 23, 2),
	};
	if (date.tm_mday < 1 || date.tm_mon < 0 || date.tm_year < 70 || date.tm_hour < 0 ||
	    date.tm_hour > 23 || date.tm_min < 0 || date.tm_min > 59 || date.tm_sec < 0 ||
	    date.tm_sec > 60)
		return false;
	int day = date.tm_mday;
	if (date.tm_sec == 60) /* a leap second must not move into the next day */
		date.tm_sec = 59;
	*out = timegm(&date);
	return date.tm_mday == day;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes digits, with a point among them, from text. False when there are none. */
static bool take_decimal(struct str *text, double *out)
{
	double scale = 1;
	bool digits = false, fraction = false;
	*out = 0;
	for (; text->len && (is_digit(text->at[0]) || (text->at[0] == '.' && !fraction));
	     *text = str_from(*text, 1)) {
		if (text->at[0] == '.') {
			fraction = true;
			continue;
		}
		digits = true;
		scale = fraction ? scale / 10 : scale;
		*out = fraction ? *out + (text->at[0] - '0') * scale
				: *out * 10 + (text->at[0] - '0');
	}
	return digits;
}

/* Takes a unit from text, as seconds. At the end of the text a missing unit means seconds. */
static bool take_unit(struct str *text, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"\xc2\xb5s", 1e-6}, {"\xce\xbcs", 1e-6},
		     {"ms", 1e-3}, {"s", 1},     {"m", 60},           {"h", 3600}};
	*seconds = 1;
	for (size_t i = 0; i < array_count(units); i++) {
		if (!str_starts(*text, units[i].name))
			continue;
		*seconds = units[i].seconds;
		*text = str_from(*text, strlen(units[i].name));
		return true;
	}
	return !text->len;
}

/* "1.5", "1.889377ms" or "1h2m3.5s" as seconds, rounded up; -1 for anything else. */
static int64_t parse_duration(struct str text)
{
	double total = 0;
	if (!text.len)
		return -1;
	while (text.len) {
		double number, unit;
		if (!take_decimal(&text, &number) || !take_unit(&text, &unit))
			return -1;
		total += number * unit;
	}
	if (total > INT_MAX)
		return -1;
	int64_t whole = (int64_t)total;
	return whole + (total > (double)whole);
}

int retry_after_parse(struct str value, int64_t now_unix)
{
	int64_t seconds = -1;
	int64_t date = 0;
	value = str_trim(value);
	if (parse_date(value, &date))
		seconds = date - now_unix;
	else if (!str_to_int64(value, &seconds))
		seconds = parse_duration(value);
	return seconds < 0 || seconds > INT_MAX ? -1 : (int)seconds;
}

int64_t retry_after_clock(struct str date, int64_t now_unix)
{
	int64_t served;
	return parse_date(str_trim(date), &served) ? served : now_unix;
}
