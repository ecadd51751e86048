/*
 * A first-order filter whose weights follow from the time between two measurements, so that it does
 * not matter how regularly the display is redrawn. While the run is shorter than the memory, the
 * memory is as long as the run: the first figures are the plain average instead of a slow climb
 * from zero.
 */
#include "report/rate.h"

int64_t rate_update(struct rate *rate, int64_t now_ms, int64_t bytes)
{
	int64_t passed = now_ms - rate->at_ms;
	if (!rate->since_ms) {
		rate->since_ms = now_ms;
	} else if (passed <= 0) {
		return (int64_t)rate->per_second;
	} else {
		int64_t age = rate->at_ms - rate->since_ms;
		int64_t memory = age < RATE_MEMORY_MS ? age : RATE_MEMORY_MS;
		double now = (double)(bytes - rate->bytes) * 1000 / (double)passed;
		double old_weight = (double)memory / (double)(memory + passed);
		rate->per_second = rate->per_second * old_weight + now * (1 - old_weight);
	}
	rate->at_ms = now_ms;
	rate->bytes = bytes;
	return (int64_t)rate->per_second;
}
