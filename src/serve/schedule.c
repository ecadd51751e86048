/*
 * A clock that is set back a little must not make the same run twice, so what is due stays due at
 * the same time. Set back by hours it was wrong before, as on a machine without a battery: then the
 * times are reckoned from the new one. Three hours are Vixie's limit. A clock that is set forth
 * needs nothing: what has become due runs once.
 */
#include "serve/schedule.h"

enum { CORRECTION_MAX = 3 * 3600 };

int64_t schedule_start(struct schedule *schedule, int64_t now)
{
	schedule->first = now;
	return schedule->period ? now : cron_next(&schedule->cron, now);
}

int64_t schedule_next(const struct schedule *schedule, int64_t now)
{
	if (!schedule->period)
		return cron_next(&schedule->cron, now);
	return now + schedule->period - (now - schedule->first) % schedule->period;
}

int64_t schedule_adjust(struct schedule *schedule, int64_t due, int64_t before, int64_t now)
{
	if (schedule->period && due - now > schedule->period) {
		schedule->first = now;
		return now + schedule->period;
	}
	return !schedule->period && before - now > CORRECTION_MAX ? schedule_next(schedule, now)
								  : due;
}
