/*
 * The window is halved from the number of requests that were under way, not from its grown size, so
 * that the first refusal already has an effect.
 */
#include "net/pace.h"

void pace_init(struct pace *pace, unsigned per_second)
{
	*pace = (struct pace){.window = PACE_WINDOW_FIRST,
			      .interval_us = per_second ? 1000000 / per_second : 0};
}

int64_t pace_begin(struct pace *pace, int64_t now_ms, bool counted)
{
	int64_t now_us = now_ms * 1000;
	if (counted && pace->busy >= pace->window)
		return PACE_LATER;
	if (now_ms < pace->paused_ms)
		return pace->paused_ms - now_ms;
	if (pace->interval_us && now_us < pace->next_begin_us)
		return (pace->next_begin_us - now_us + 999) / 1000;
	/*
	 * A clock of milliseconds is late by up to one; the error is made up for, so that it cannot
	 * add up.
	 */
	int64_t base = now_us - pace->next_begin_us < 1000 ? pace->next_begin_us : now_us;
	pace->next_begin_us = base + pace->interval_us;
	pace->busy += counted;
	return 0;
}

void pace_end(struct pace *pace)
{
	pace->busy--;
}

void pace_good(struct pace *pace)
{
	pace->credit++;
	if (pace->refused && pace->credit < pace->window)
		return;
	pace->credit = 0;
	if (pace->window < PACE_WINDOW_MAX)
		pace->window++;
}

void pace_refused(struct pace *pace, int64_t now_ms, int64_t began_ms, int pause_s)
{
	int64_t pause_ms = (int64_t)pause_s * 1000;
	/* Longer pauses are ignored: all threads would wait, only to be refused again. */
	bool worth = pause_ms > 0 && pause_ms <= PACE_PAUSE_MAX_MS;
	if (worth && now_ms + pause_ms > pace->paused_ms)
		pace->paused_ms = now_ms + pause_ms;
	pace->credit = 0;
	if (pace->refused && began_ms <= pace->shrunk_ms)
		return;
	unsigned used = pace->busy < pace->window ? pace->busy : pace->window;
	pace->window = used > 1 ? used / 2 : 1;
	pace->refused = true;
	pace->shrunk_ms = now_ms;
}
