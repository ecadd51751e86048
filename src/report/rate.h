/*
 * How fast bytes flow at this moment: an average that forgets.
 *
 * It is calm, but follows a change within seconds: what was measured RATE_MEMORY_MS ago has lost
 * most of its weight. Zeroed memory is a rate that has seen nothing. One thread.
 */
#pragma once

#include <stdint.h>

enum { RATE_MEMORY_MS = 3000 };

struct rate {
	int64_t since_ms;     /* the first measurement; 0: none yet */
	int64_t at_ms, bytes; /* the last one */
	double per_second;
};

/* Takes the total of bytes as seen at now_ms (above 0); returns bytes per second. */
int64_t rate_update(struct rate *rate, int64_t now_ms, int64_t bytes);
