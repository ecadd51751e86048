/*
 * Written by hand, since strptime() reads neither fractions nor offsets, and mktime() only knows
 * the local time zone.
 */
#include "oci/timestamp.h"

#include <string.h>

/* Cuts count digits off the front of text. */
static bool cut_number(struct str *text, size_t count, int64_t *out)
{
	struct str digits = str_head(*text, count);
	*text = str_from(*text, digits.len);
	return digits.len == count && str_to_int64(digits, out);
}

/* Cuts one character of the set off the front of text. */
static bool cut_char(struct str *text, const char *set)
{
	if (!text->len || !text->at[0] || !strchr(set, text->at[0]))
		return false;
	*text = str_from(*text, 1);
	return true;
}

static bool leap_year(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t month_length(int64_t year, int64_t month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return lengths[month - 1] + (month == 2 && leap_year(year));
}

/* Days from 1970-01-01 to the first of January of year, which is not negative. */
static int64_t days_before_year(int64_t year)
{
	int64_t past = year - 1;
	int64_t leaps = year ? past / 4 - past / 100 + past / 400 : -1;
	return past * 365 + leaps - 719162;
}

static bool cut_date(struct str *text, int64_t *days)
{
	int64_t year, month, day;
	if (!cut_number(text, 4, &year) || !cut_char(text, "-") || !cut_number(text, 2, &month) ||
	    !cut_char(text, "-") || !cut_number(text, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > month_length(year, month))
		return false;
	*days = days_before_year(year) + day - 1;
	for (int64_t i = 1; i < month; i++)
		*days += month_length(year, i);
	return true;
}

static bool cut_time(struct str *text, int64_t *seconds)
{
	int64_t hour, minute, second;
	if (!cut_number(text, 2, &hour) || !cut_char(text, ":") || !cut_number(text, 2, &minute) ||
	    !cut_char(text, ":") || !cut_number(text, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*seconds = (hour * 60 + minute) * 60 + second;
	if (!cut_char(text, "."))
		return true;
	if (!cut_char(text, "0123456789"))
		return false;
	while (cut_char(text, "0123456789"))
		;
	return true;
}

/* Cuts the offset off text: the seconds that local time is ahead of UTC. */
static bool cut_offset(struct str *text, int64_t *seconds)
{
	int64_t hour, minute;
	*seconds = 0;
	if (cut_char(text, "Zz"))
		return true;
	bool behind = text->len && text->at[0] == '-';
	if (!cut_char(text, "+-") || !cut_number(text, 2, &hour) || !cut_char(text, ":") ||
	    !cut_number(text, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*seconds = (hour * 60 + minute) * (behind ? -60 : 60);
	return true;
}

bool timestamp_parse(struct str text, int64_t *out)
{
	int64_t days, seconds, ahead;
	if (!cut_date(&text, &days) || !cut_char(&text, "Tt ") || !cut_time(&text, &seconds) ||
	    !cut_offset(&text, &ahead) || text.len)
		return false;
	*out = days * 86400 + seconds - ahead;
	return true;
}
