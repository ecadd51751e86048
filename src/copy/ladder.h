/*
 * How many connections a blob is worth, by the rates that were measured. Pure.
 *
 * One connection at first; a second one on trial, if the first is slow; then twice as many again
 * and again, as long as each step brings a quarter more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { LADDER_MOST = 8 };

/* What came in some time. */
struct ladder_sample {
	int64_t bytes;
	int64_t ms;        /* > 0 */
	int64_t waited_ms; /* the part of it in which the reader waited for the source */
};

struct ladder {
	unsigned count;             /* connections now */
	unsigned doubts;            /* samples in a row that were no gain */
	bool settled;               /* nothing need be measured any more */
	struct ladder_sample below; /* what came of half as many connections */
};

/* The one of the two with the higher rate; ms of the second may be 0: it is none. */
struct ladder_sample ladder_faster(const struct ladder_sample *a, const struct ladder_sample *b);
/* True when a trial is worth while: the source is slow, and left bytes will take some time. */
bool ladder_slow(const struct ladder_sample *one, int64_t left);
/* True when more connections brought so much more. */
bool ladder_gains(const struct ladder_sample *fewer, const struct ladder_sample *more);

/* Begins with two connections; one: what came of a single one. */
void ladder_begin(struct ladder *ladder, const struct ladder_sample *one);
/* The number of connections to go on with, after a sample of the present one; 1: no gain at all. */
unsigned ladder_step(struct ladder *ladder, const struct ladder_sample *now);
