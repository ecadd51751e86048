/*
 * The next time is looked for as crond finds it: minute after minute is compared, only that days
 * and hours in which nothing can happen are passed over. The C library says what the local time of
 * a minute is, so its rules of summer time are the only ones here.
 *
 * As in Vixie's cron a day must fit both fields of days, unless both are given: then one is enough.
 */
#include "base/cron.h"

#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
/* Summer time moves the clock by less. */
enum { SHIFT_MAX = 3 * HOUR };
/* The longest wait is for a 29 February of a certain weekday, around a year such as 2100. */
enum { YEARS_MAX = 41 };

struct cron_field {
	const char *name;
	unsigned min, max;
	const char *const *names; /* of min and those that follow; NULL: numbers only */
	size_t name_count;
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
				     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

enum field_number { MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS, FIELDS };

/* Sunday is 0 and 7. */
static const struct cron_field fields[FIELDS] = {
	[MINUTES] = {"minute", 0, 59, NULL, 0},
	[HOURS] = {"hour", 0, 23, NULL, 0},
	[DAYS] = {"day of the month", 1, 31, NULL, 0},
	[MONTHS] = {"month", 1, 12, months, array_count(months)},
	[WEEKDAYS] = {"day of the week", 0, 7, weekdays, array_count(weekdays)},
};

static const struct {
	const char *word, *meaning;
} words[] = {
	{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

/* --- reading -------------------------------------------------------------------------------- */

static bool read_value(const struct cron_field *field, struct str text, unsigned *out,
		       struct error *err)
{
	int64_t number;
	for (size_t i = 0; i < field->name_count; i++) {
		*out = field->min + (unsigned)i;
		if (str_equal_nocase(text, str_of(field->names[i])))
			return true;
	}
	if (str_to_int64(text, &number) && number >= field->min && number <= field->max) {
		*out = (unsigned)number;
		return true;
	}
	return error_set(err, ERROR_CONFIG, "%s \"%.*s\": expected %u to %u%s", field->name,
			 STR_ARGS(str_head(text, 40)), field->min, field->max,
			 !field->names              ? ""
			 : field->names == weekdays ? ", or sun to sat"
						    : ", or jan to dec");
}

/* Reads "*", a number or a range. *range: it is no single number. */
static bool read_range(const struct cron_field *field, struct str text, unsigned ends[2],
		       bool *range, struct error *err)
{
	struct str first;
	*range = true;
	ends[0] = field->min;
	ends[1] = field->max;
	if (str_is(text, "*"))
		return true;
	*range = str_find(text, '-') < text.len;
	str_cut(&text, '-', &first);
	if (!read_value(field, first, &ends[0], err))
		return false;
	if (!*range) {
		ends[1] = ends[0];
		return true;
	}
	if (!read_value(field, text, &ends[1], err))
		return false;
	if (field->names == weekdays && ends[1] == 0)
		ends[1] = field->max;
	return ends[0] <= ends[1] ||
	       error_set(err, ERROR_CONFIG,
			 "%s: the range %.*s-%.*s ends before it begins: write it as two, with a "
			 "comma between them",
			 field->name, STR_ARGS(first), STR_ARGS(text));
}

static bool read_item(const struct cron_field *field, struct str item, uint64_t *out,
		      struct error *err)
{
	struct str rest = item, text = {0};
	unsigned ends[2];
	int64_t step = 1;
	bool range, stepped = str_find(item, '/') < item.len;
	str_cut(&rest, '/', &text);
	if (!read_range(field, text, ends, &range, err))
		return false;
	if (stepped && (!str_to_int64(rest, &step) || step < 1 || step > field->max))
		return error_set(err, ERROR_CONFIG,
				 "%s: the step of %.*s must be a number from 1 to %u", field->name,
				 STR_ARGS(str_head(item, 40)), field->max);
	if (stepped && !range)
		return error_set(err, ERROR_CONFIG,
				 "%s: %.*s has a step without a range: write %u-%u/%d", field->name,
				 STR_ARGS(str_head(item, 40)), ends[0],
				 field->names == weekdays ? 6 : field->max, (int)step);
	for (unsigned i = ends[0]; i <= ends[1]; i += (unsigned)step)
		*out |= 1ULL << i;
	return true;
}

static bool read_field(const struct cron_field *field, struct str text, uint64_t *out,
		       struct error *err)
{
	*out = 0;
	/* After the last comma there is an item, too. */
	for (struct str rest = text, item; str_cut(&rest, ',', &item);)
		if (!read_item(field, item, out, err))
			return false;
	return true;
}

/* Days that no month among those of the schedule has would never come. */
static bool check_days(const struct cron *cron, struct error *err)
{
	static const unsigned lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (!cron->any_weekday)
		return true;
	for (unsigned month = 1; month <= array_count(lengths); month++)
		for (unsigned day = 1; day <= lengths[month - 1]; day++)
			if (cron->months >> month & cron->days >> day & 1)
				return true;
	return error_set(err, ERROR_CONFIG,
			 "no such month has such a day, so this time would never come: check the "
			 "third and the fourth field");
}

/* The next part between blanks; false: there is none. */
static bool next_part(struct str *rest, struct str *out)
{
	while (rest->len && (rest->at[0] == ' ' || rest->at[0] == '\t'))
		*rest = str_from(*rest, 1);
	size_t len = 0;
	while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
		len++;
	*out = str_head(*rest, len);
	*rest = str_from(*rest, len);
	return len > 0;
}

static bool read_word(struct str text, struct str *out, struct error *err)
{
	for (size_t i = 0; i < array_count(words); i++)
		if (str_equal_nocase(text, str_of(words[i].word))) {
			*out = str_of(words[i].meaning);
			return true;
		}
	return error_set(err, ERROR_CONFIG,
			 "expected @hourly, @daily, @weekly, @monthly, @yearly or five fields");
}

static bool is_star(struct str field)
{
	return field.len && field.at[0] == '*';
}

bool cron_parse(struct str text, struct cron *out, struct error *err)
{
	struct str parts[FIELDS], rest = str_trim(text), more;
	uint64_t bits[FIELDS];
	size_t count = 0;
	if (rest.len && rest.at[0] == '@' && !read_word(rest, &rest, err))
		return false;
	while (count < FIELDS && next_part(&rest, &parts[count]))
		count++;
	if (count < FIELDS || next_part(&rest, &more))
		return error_set(err, ERROR_CONFIG,
				 "expected five fields as in \"17 3 * * *\": minute, hour, day of "
				 "the month, month, day of the week");
	for (size_t i = 0; i < FIELDS; i++)
		if (!read_field(&fields[i], parts[i], &bits[i], err))
			return false;
	*out = (struct cron){.minutes = bits[MINUTES],
			     .hours = bits[HOURS],
			     .days = bits[DAYS],
			     .months = bits[MONTHS],
			     .weekdays = bits[WEEKDAYS] | bits[WEEKDAYS] >> 7,
			     .any_day = is_star(parts[DAYS]),
			     .any_weekday = is_star(parts[WEEKDAYS]),
			     .fixed = !is_star(parts[MINUTES]) && !is_star(parts[HOURS])};
	return check_days(out, err);
}

/* --- the next time -------------------------------------------------------------------------- */

static bool has(uint64_t bits, int number)
{
	return bits >> number & 1;
}

static bool fits_day(const struct cron *cron, const struct tm *local)
{
	bool day = has(cron->days, local->tm_mday), weekday = has(cron->weekdays, local->tm_wday);
	return has(cron->months, local->tm_mon + 1) &&
	       (cron->any_day || cron->any_weekday ? day && weekday : day || weekday);
}

static bool fits(const struct cron *cron, const struct tm *local)
{
	return has(cron->minutes, local->tm_min) && has(cron->hours, local->tm_hour) &&
	       fits_day(cron, local);
}

/* Local time, and how many seconds it is ahead of UTC. */
static int64_t local_time(int64_t seconds, struct tm *out)
{
	time_t when = (time_t)seconds;
	*out = (struct tm){0};
	localtime_r(&when, out);
	return out->tm_gmtoff;
}

/* Whether the clock has shown the same before. */
static bool is_repeated(int64_t when, int64_t ahead)
{
	struct tm local;
	int64_t before = local_time(when - SHIFT_MAX, &local);
	return before > ahead && local_time(when + ahead - before, &local) == before;
}

/* Whether one of the minutes fits that the clock leaves out just before that time. */
static bool fits_gap(const struct cron *cron, int64_t when, int64_t ahead)
{
	struct tm local;
	int64_t before = local_time(when - MINUTE, &local);
	for (int64_t left_out = when + before; left_out < when + ahead; left_out += MINUTE) {
		time_t as_if = (time_t)left_out;
		gmtime_r(&as_if, &local);
		if (fits(cron, &local))
			return true;
	}
	return false;
}

static bool is_due(const struct cron *cron, int64_t when, int64_t ahead, const struct tm *local)
{
	if (!cron->fixed)
		return fits(cron, local);
	return (fits(cron, local) && !is_repeated(when, ahead)) || fits_gap(cron, when, ahead);
}

/* The next minute to be looked at. Where the clock is moved, each minute is. */
static int64_t pass(const struct cron *cron, int64_t when, int64_t ahead, const struct tm *local)
{
	struct tm after;
	int64_t hour = when + HOUR - local->tm_min * MINUTE - local->tm_sec;
	int64_t day = hour + (23 - local->tm_hour) * HOUR;
	bool fits_now = fits_day(cron, local);
	if (!fits_now && local_time(day, &after) == ahead)
		return day;
	bool idle = !fits_now || !has(cron->hours, local->tm_hour);
	return idle && local_time(hour, &after) == ahead ? hour : when + MINUTE;
}

int64_t cron_next(const struct cron *cron, int64_t after)
{
	int64_t when = after - after % MINUTE + MINUTE;
	int64_t end = when + (int64_t)YEARS_MAX * 366 * DAY;
	while (when < end) {
		struct tm local;
		int64_t ahead = local_time(when, &local);
		if (is_due(cron, when, ahead, &local))
			break;
		when = pass(cron, when, ahead, &local);
	}
	return when;
}
