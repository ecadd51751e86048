/* Whether a day exists is left to timegm(): it turns 31 February into another day, which shows. */
#include "config/since.h"

#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, AGE_MAX = 1000000 };

static bool read_age(struct str text, int64_t now, int64_t *out)
{
	int64_t number;
	char unit = text.len ? text.at[text.len - 1] : '\0';
	int64_t seconds = unit == 'h' ? HOUR : unit == 'd' ? DAY : unit == 'w' ? WEEK : 0;
	if (!seconds || !str_to_int64(str_head(text, text.len - 1), &number) || number > AGE_MAX)
		return false;
	*out = now > number * seconds ? now - number * seconds : 0;
	return true;
}

/* Takes exactly len digits off text, and the byte behind them if there is one to expect. */
static bool take(struct str *text, size_t len, char behind, int *out)
{
	int64_t number;
	if (text->len < len || !str_to_int64(str_head(*text, len), &number))
		return false;
	*out = (int)number;
	*text = str_from(*text, len);
	if (!behind)
		return true;
	bool there = text->len && text->at[0] == behind;
	*text = str_from(*text, 1);
	return there;
}

/* "Z", "+01:00" or "-01:00" in seconds. */
static bool read_zone(struct str text, int64_t *offset)
{
	int hours, minutes;
	*offset = 0;
	if (str_is(text, "Z") || str_is(text, "z"))
		return true;
	bool west = str_starts(text, "-");
	if (!west && !str_starts(text, "+"))
		return false;
	text = str_from(text, 1);
	if (!take(&text, 2, ':', &hours) || !take(&text, 2, 0, &minutes) || text.len ||
	    hours > 23 || minutes > 59)
		return false;
	*offset = (west ? -1 : 1) * (hours * (int64_t)HOUR + minutes * MINUTE);
	return true;
}

/* "12:00:00", "12:00:00.5" and the zone behind it. */
static bool read_clock(struct str text, struct tm *tm, int64_t *offset)
{
	if (!take(&text, 2, ':', &tm->tm_hour) || !take(&text, 2, ':', &tm->tm_min) ||
	    !take(&text, 2, 0, &tm->tm_sec))
		return false;
	if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		return false;
	if (str_starts(text, ".")) {
		size_t digits = 1;
		while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
			digits++;
		if (digits == 1)
			return false;
		text = str_from(text, digits);
	}
	return read_zone(text, offset);
}

static bool read_date(struct str text, int64_t *out)
{
	struct tm tm = {0};
	int64_t offset = 0;
	int year, month, day;
	if (!take(&text, 4, '-', &year) || !take(&text, 2, '-', &month) ||
	    !take(&text, 2, 0, &day) || year < 1970)
		return false;
	bool clock = text.len && (text.at[0] == 'T' || text.at[0] == 't' || text.at[0] == ' ');
	if (clock ? !read_clock(str_from(text, 1), &tm, &offset) : text.len != 0)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*out = (int64_t)timegm(&tm) - offset;
	return tm.tm_mon == month - 1 && tm.tm_mday >= day && tm.tm_mday <= day + 1;
}

bool since_parse(struct str text, int64_t now, int64_t *out)
{
	return read_age(text, now, out) || read_date(text, out);
}
