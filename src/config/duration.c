/* Units from the longest to the shortest, each at most once. */
#include "config/duration.h"

#include "base/scoped.h"
#include "base/str.h"

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY, LONGEST = 1000 * HOUR, OLDEST = 1000 * WEEK };

static const struct {
	char letter;
	int64_t seconds;
} units[] = {{'w', WEEK}, {'d', DAY}, {'h', HOUR}, {'m', 60}, {'s', 1}};

enum { HOURS = 2 };

/* Adds up the units from number first on. False: text is malformed, or more than most. */
static bool read_units(struct str text, size_t first, int64_t most, int64_t *total)
{
	*total = 0;
	for (size_t i = first; i < array_count(units); i++) {
		int64_t number;
		size_t len = str_find(text, units[i].letter);
		if (len == text.len)
			continue;
		if (!str_to_int64(str_head(text, len), &number) || number > most)
			return false;
		*total += number * units[i].seconds;
		text = str_from(text, len + 1);
	}
	return !text.len && *total <= most;
}

unsigned duration_read(const char *given)
{
	int64_t total;
	return read_units(str_of(given), HOURS, LONGEST, &total) ? (unsigned)total : 0;
}

bool duration_read_age(const char *text, int64_t *out)
{
	if (str_is(str_of(text), "0")) {
		*out = 0;
		return true;
	}
	return read_units(str_of(text), 0, OLDEST, out) && *out > 0;
}
