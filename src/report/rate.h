/*
 * The current rate of bytes: a decaying average. It is steady, but follows a change within seconds:
 * a measurement that is RATE_MEMORY_MS old has lost most of its weight. Zeroed memory is a rate
 * without measurements. One thread.
 */
#pragma once

#include <stdint.h>

enum { RATE_MEMORY_MS = 3000 };

struct rate {
	int64_t since_ms;     /* time of the first measurement; 0: none yet */
	int64_t at_ms, bytes; /* time and total of the last measurement */
	double per_second;
};

/* Takes the total of bytes as seen at now_ms (above 0); returns bytes per second. */
int64_t rate_update(struct rate *rate, int64_t now_ms, int64_t bytes);
