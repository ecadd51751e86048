/*
 * Times as crontab(5) writes them: five fields, minute, hour, day of the month, month and day of
 * the week, or a word such as @daily. Local times, in the zone of the process (serve/zone.h).
 *
 * Plain record. Pure but for that zone.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* A bit for each number that a field allows. */
struct cron {
	uint64_t minutes, hours, days, months, weekdays; /* weekday 0 is Sunday */
	bool any_day, any_weekday; /* the field begins with a star: the other one decides alone */
	bool fixed; /* neither the minute nor the hour begins with a star: see cron_next() */
};

/* ERROR_CONFIG names the field, what it says and what is expected. */
bool cron_parse(struct str text, struct cron *out, struct error *err);
/*
 * The first such minute after that time; both are seconds since 1970. What is fixed and falls into
 * an hour that the clock leaves out comes at the hour's end, and in one that the clock repeats only
 * the first time; all others go by the clock.
 */
int64_t cron_next(const struct cron *cron, int64_t after);
