/* A day is a point in time without a time of day: its beginning, midnight UTC. */
#include "config/rules/since.h"

#include "oci/timestamp.h"

#include <string.h>

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY, AGE_MAX = 1000000 };

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

static bool read_day(struct str text, int64_t *out)
{
	static const char midnight[] = "T00:00:00Z";
	char whole[32];
	if (text.len != sizeof("2026-01-01") - 1)
		return false;
	memcpy(whole, text.at, text.len);
	memcpy(whole + text.len, midnight, sizeof(midnight));
	return timestamp_parse(str_of(whole), out);
}

bool since_parse(struct str text, int64_t now, int64_t *out)
{
	return read_age(text, now, out) ||
	       ((read_day(text, out) || timestamp_parse(text, out)) && *out >= 0);
}
