/*
 * A server that takes longer for an answer than a handshake costs is worth many connections: they
 * wait, not we. One that answers at once is kept busy by few, and more of them only make all wait
 * for a processor. A handshake is arithmetic for the most part, so its cost grows with the load of
 * the machine, and so does the wait; but handshakes that were begun at once take as long as all of
 * them together, so the fastest counts.
 */
#include "net/opening.h"

enum {
	PATIENCE_MS = 50,
	ROUND_TRIPS = 3, /* of TCP and a full handshake of TLS 1.2 */
	COST_MIN_US = 500,
	COST_MAX_US = 100000, /* more is no arithmetic: a packet was lost, or the server hung */
	RISE = 256,           /* a time falls at once, and rises by this part of the difference */
};

static int64_t learn(int64_t known, int64_t measured)
{
	int64_t more = measured - known;
	return !known || more < 0 ? measured : known + more / RISE;
}

void opening_took(struct opening_cost *opening, int64_t tcp_us, int64_t all_us)
{
	int64_t cost = all_us - ROUND_TRIPS * tcp_us;
	if (cost < COST_MIN_US)
		cost = COST_MIN_US;
	if (cost > COST_MAX_US)
		cost = COST_MAX_US;
	opening->cost_us = learn(opening->cost_us, cost);
}

void opening_answered(struct opening_cost *opening, int64_t answer_us)
{
	opening->answer_us = learn(opening->answer_us, answer_us);
}

/* Threads that wait get connections in turn, so a wait is worth several answers. */
int64_t opening_wait_ms(const struct opening_cost *opening)
{
	int64_t cost = opening->cost_us, answer = opening->answer_us;
	if (!cost)
		return PATIENCE_MS;
	if (answer >= 2 * cost)
		return 0;
	return ((2 * answer >= cost ? cost : 2 * cost) + 999) / 1000;
}

int64_t opening_patience_ms(const struct opening_cost *opening)
{
	int64_t worth = 16 * opening->cost_us / 1000;
	return worth > PATIENCE_MS ? worth : PATIENCE_MS;
}
