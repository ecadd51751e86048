/*
 * Slots for blobs in flight (--proc), shared among the pairs of registries that have work.
 *
 * A pair whose transfers hang keeps its slots for a long time. So that others can go on, some slots
 * are reserved for the pairs that hold none: one for each, up to half of all. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slots;
struct slots_lane; /* one pair of registries, source and destination */

/* total: the number of slots, > 0. NULL without memory. */
struct slots *slots_new(unsigned total);
/* *slots may be NULL. */
void slots_free(struct slots **slots);

/*
 * Announces a number of images to be copied from the host named from to the one named to. False
 * without memory; they can be copied nevertheless.
 */
bool slots_expect(struct slots *slots, const char *from, const char *to, size_t images);
/* One image of the lane is done. NULL, for an image that was not announced: does nothing. */
void slots_done(struct slots *slots, struct slots_lane *lane);
/* The lane from one host to the other; NULL: no image was announced for it. */
struct slots_lane *slots_find(struct slots *slots, const char *from, const char *to);
/* False for a blob that is so small that it is no more work than a manifest: it needs no slot. */
bool slots_needed(int64_t size);
/* Waits for a slot; lane may be NULL. */
void slots_enter(struct slots *slots, struct slots_lane *lane);
/*
 * Waits until one of several threads has a slot, which serves them all. *taken is false at first
 * and becomes true with the slot; only this function reads and writes it. True: the caller took the
 * slot, and gives it back with slots_leave().
 */
bool slots_share(struct slots *slots, struct slots_lane *lane, bool *taken);
/*
 * Queues, in call order, until fewer than total shared blobs are in flight in the lane. True: the
 * caller ends with slots_lane_leave(). False: lane is NULL.
 */
bool slots_lane_enter(struct slots *slots, struct slots_lane *lane);
void slots_lane_leave(struct slots *slots, struct slots_lane *lane);
/* Takes a slot if the lane may have one at this moment. */
bool slots_try(struct slots *slots, struct slots_lane *lane);
/* Gives a slot back that was taken for the lane. */
void slots_leave(struct slots *slots, struct slots_lane *lane);
