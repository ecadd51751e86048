/*
 * When runs are due: every so often, or at the times of a crontab.
 *
 * All times are seconds since 1970 by the clock on the wall, which may be set while we wait. Plain
 * record; pure but for the time zone of the process (zone.h).
 */
#pragma once

#include "base/cron.h"

struct schedule {
	int64_t period; /* seconds; 0: at the times of cron */
	int64_t first;  /* with a period: when the first run was due, the others follow from it */
	struct cron cron;
};

/* When the first run is due: at once, or the next time of cron. Sets schedule->first. */
int64_t schedule_start(struct schedule *schedule, int64_t now);
/*
 * When a run is due after the one that begins now. It may be past when that one ends: then it is
 * due at once, and all the times that were missed are one.
 */
int64_t schedule_next(const struct schedule *schedule, int64_t now);
/*
 * When the run that was due at that time is due, after the clock said before and now says now: the
 * same, unless the clock was set back so far that it would not be due for long.
 */
int64_t schedule_adjust(struct schedule *schedule, int64_t due, int64_t before, int64_t now);
