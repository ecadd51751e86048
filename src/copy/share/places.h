/*
 * Places for blobs in flight (--proc), shared among the pairs of registries that have work.
 *
 * A pair whose transfers hang keeps its places for long. So that others can go on, some places stay
 * free for the pairs that hold none: one for each, up to half of all. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct places;
struct places_lane; /* one pair of registries */

/* total: places in all, > 0. NULL without memory. */
struct places *places_new(unsigned total);
/* *places may be NULL. */
void places_free(struct places **places);

/*
 * images more are to be copied between the two registries, from the host named from to the one
 * named to. False without memory; they are copied all the same.
 */
bool places_expect(struct places *places, const char *from, const char *to, size_t images);
/* One image less is to be copied; NULL when places_expect() knew nothing of it. */
void places_done(struct places *places, struct places_lane *lane);
/* The pair, or NULL. */
struct places_lane *places_find(struct places *places, const char *from, const char *to);
/* False for a blob of so few bytes that it is as little work as a manifest: it needs no place. */
bool places_needed(int64_t size);
/* Waits for a place; lane may be NULL. */
void places_enter(struct places *places, struct places_lane *lane);
/*
 * Waits for a place that several share, whoever gets it: *held, false at first and read and written
 * by nobody else, tells that one of them has. True: it was the caller, who leaves it in the end.
 */
bool places_share(struct places *places, struct places_lane *lane, bool *held);
/*
 * What shares places is counted for each pair of registries: waits, in the order of calls, until
 * fewer than there are places in all are on their way between these two. False: lane is NULL.
 */
bool places_board(struct places *places, struct places_lane *lane);
void places_disembark(struct places *places, struct places_lane *lane);
/* Takes a place if one is free at this moment. */
bool places_try(struct places *places, struct places_lane *lane);
void places_leave(struct places *places, struct places_lane *lane);
