/*
 * A line that is full gives two connections as much as one, and a server that limits each
 * connection gives them twice as much. Nothing that can be asked tells the two apart, so it is
 * tried. Steps double the connections, since from seven to eight no line can bring a quarter more.
 *
 * A source that sends as fast as a gigabit line carries is left alone: there the processors and the
 * destination decide, and measuring them would cost what it may bring. A destination that is slower
 * than the source shows in that the reader hardly waits; then a sample says nothing.
 */
#include "copy/ladder.h"

enum {
	SAMPLE_MS = 1000,     /* a shorter sample of one connection says too little */
	LEFT_MS = 3000,       /* what takes no longer than this is not worth a trial */
	FAST = 100 * 1000000, /* bytes a second */
	DOUBTS_MOST = 2,      /* lossy lines vary much: one bad sample proves nothing */
	SHARE_ONE = 2,        /* 1/SHARE of the time the reader has to wait */
	SHARE_MANY = 5,
};

static double rate_of(const struct ladder_sample *sample)
{
	return (double)sample->bytes * 1000 / (double)sample->ms;
}

struct ladder_sample ladder_faster(const struct ladder_sample *a, const struct ladder_sample *b)
{
	return b->ms && rate_of(b) > rate_of(a) ? *b : *a;
}

bool ladder_slow(const struct ladder_sample *one, int64_t left)
{
	double rate = rate_of(one);
	return one->ms >= SAMPLE_MS && one->waited_ms >= one->ms / SHARE_ONE && rate > 0 &&
	       rate < FAST && (double)left * 1000 / rate > LEFT_MS;
}

bool ladder_gains(const struct ladder_sample *fewer, const struct ladder_sample *more)
{
	return rate_of(more) * 4 >= rate_of(fewer) * 5;
}

void ladder_begin(struct ladder *ladder, const struct ladder_sample *one)
{
	*ladder = (struct ladder){.count = 2, .below = *one};
}

unsigned ladder_step(struct ladder *ladder, const struct ladder_sample *now)
{
	if (ladder->settled || now->waited_ms < now->ms / SHARE_MANY)
		return ladder->count;
	if (!ladder_gains(&ladder->below, now)) {
		ladder->settled = ++ladder->doubts == DOUBTS_MOST;
		if (ladder->settled)
			ladder->count /= 2;
		return ladder->count;
	}
	ladder->doubts = 0;
	ladder->below = *now;
	ladder->settled = ladder->count == LADDER_MOST;
	if (!ladder->settled)
		ladder->count *= 2;
	return ladder->count;
}
