/* Time: a monotonic clock for waiting and measuring, and wall time for people. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Milliseconds on the monotonic clock; unaffected by changes of the date. Signal-safe. */
int64_t clock_ms(void);
/* Seconds since 1970 on the wall clock. */
int64_t clock_unix(void);

enum { CLOCK_TEXT_SIZE = 32 };
/* Writes wall time seconds as RFC 3339 in UTC, "2026-11-20T20:00:00Z". */
void clock_rfc3339(int64_t seconds, char text[CLOCK_TEXT_SIZE]);
