/* Every deadline of the program is on the monotonic clock, so a wrong date cannot hang a run. */
#include "base/clock.h"

#include <time.h>

int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_unix(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

void clock_rfc3339(int64_t seconds, char text[CLOCK_TEXT_SIZE])
{
	time_t when = (time_t)seconds;
	struct tm utc = {0};
	gmtime_r(&when, &utc);
	strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
