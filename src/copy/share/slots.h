/*
 * Places for blobs in flight (--proc), shared among the pairs of registries that have work.
 *
 * A pair whose transfers hang keeps its slots for long. So that others can go on, some slots stay
 * free for the pairs that hold none: one for each, up to half of all. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slots;
struct slots_lane; /* one pair of registries */

/* total: slots in all, > 0. NULL without memory. */
struct slots *slots_new(unsigned total);
/* *slots may be NULL. */
void slots_free(struct slots **slots);

/*
 * images more are to be copied between the two registries, from the host named from to the one
 * named to. False without memory; they are copied all the same.
 */
bool slots_expect(struct slots *slots, const char *from, const char *to, size_t images);
/* One image less is to be copied; NULL when slots_expect() knew nothing of it. */
void slots_done(struct slots *slots, struct slots_lane *lane);
/* The pair, or NULL. */
struct slots_lane *slots_find(struct slots *slots, const char *from, const char *to);
/* False for a blob of so few bytes that it is as little work as a manifest: it needs no slot. */
bool slots_needed(int64_t size);
/* Waits for a slot; lane may be NULL. */
void slots_enter(struct slots *slots, struct slots_lane *lane);
/*
 * Waits for a slot that several share, whoever gets it: *held, false at first and read and written
 * by nobody else, tells that one of them has. True: it was the caller, who leaves it in the end.
 */
bool slots_share(struct slots *slots, struct slots_lane *lane, bool *held);
/*
 * What shares slots is counted for each pair of registries: waits, in the order of calls, until
 * fewer than there are slots in all are on their way between these two. False: lane is NULL.
 */
bool slots_board(struct slots *slots, struct slots_lane *lane);
void slots_disembark(struct slots *slots, struct slots_lane *lane);
/* Takes a slot if one is free at this moment. */
bool slots_try(struct slots *slots, struct slots_lane *lane);
void slots_leave(struct slots *slots, struct slots_lane *lane);
