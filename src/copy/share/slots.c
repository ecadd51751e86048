/*
 * One mutex and one condition: a slot is taken once for each blob, and a blob is many packets.
 *
 * Of the threads whose lane may have a slot, the one that has waited longest gets it. So the blobs
 * of an image that goes to several registries are moved in the same order everywhere (fanout.c).
 */
#include "copy/share/slots.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include <pthread.h>

enum { SMALL_MAX = 128 * 1024 };

struct slots_lane {
	size_t images;    /* images that are not done */
	unsigned blobs;   /* slots that the lane holds */
	bool starved;     /* it has images and no slot */
	unsigned entered; /* calls of slots_lane_enter() */
	unsigned left;    /* calls of slots_lane_leave() */
};

/* A thread that waits; on its stack. */
struct waiter {
	struct waiter *next; /* the thread that came after it */
	struct slots_lane *lane;
	const bool *taken; /* as in slots_share() */
};

struct slots {
	struct arena *arena;
	unsigned total;
	pthread_mutex_t lock; /* guards the members below, and arena */
	pthread_cond_t changed;
	unsigned used;    /* slots that are taken */
	unsigned starved; /* lanes that have images and no slot */
	struct waiter *waiters;
	struct map lanes;
};

struct slots *slots_new(unsigned total)
{
	struct arena *arena = arena_new();
	struct slots *slots = arena ? arena_new_of(arena, struct slots) : NULL;
	if (!slots) {
		arena_free(&arena);
		return NULL;
	}
	slots->arena = arena;
	slots->total = total;
	pthread_mutex_init(&slots->lock, NULL);
	pthread_cond_init(&slots->changed, NULL);
	return slots;
}

void slots_free(struct slots **slots)
{
	if (!*slots)
		return;
	struct arena *arena = (*slots)->arena;
	map_finish(&(*slots)->lanes);
	pthread_cond_destroy(&(*slots)->changed);
	pthread_mutex_destroy(&(*slots)->lock);
	*slots = NULL;
	arena_free(&arena);
}

/* Follows a change of the lane. Caller holds the lock. */
static void update(struct slots *slots, struct slots_lane *lane)
{
	bool starved = lane->images && !lane->blobs;
	if (starved && !lane->starved)
		slots->starved++;
	else if (!starved && lane->starved)
		slots->starved--;
	lane->starved = starved;
	pthread_cond_broadcast(&slots->changed);
}

/* Caller holds the lock. */
static struct slots_lane *lane_of(struct slots *slots, const char *from, const char *to, bool add)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%s %s", from, to);
	if (!buf_ok(&key))
		return NULL;
	struct slots_lane *lane = map_get(&slots->lanes, buf_str(&key));
	if (lane || !add)
		return lane;
	lane = arena_new_of(slots->arena, struct slots_lane);
	return lane && map_put(&slots->lanes, buf_str(&key), lane) ? lane : NULL;
}

bool slots_expect(struct slots *slots, const char *from, const char *to, size_t images)
{
	pthread_mutex_lock(&slots->lock);
	struct slots_lane *lane = lane_of(slots, from, to, true);
	if (lane) {
		lane->images += images;
		update(slots, lane);
	}
	pthread_mutex_unlock(&slots->lock);
	return lane != NULL;
}

void slots_done(struct slots *slots, struct slots_lane *lane)
{
	pthread_mutex_lock(&slots->lock);
	if (lane && lane->images) {
		lane->images--;
		update(slots, lane);
	}
	pthread_mutex_unlock(&slots->lock);
}

struct slots_lane *slots_find(struct slots *slots, const char *from, const char *to)
{
	pthread_mutex_lock(&slots->lock);
	struct slots_lane *lane = lane_of(slots, from, to, false);
	pthread_mutex_unlock(&slots->lock);
	return lane;
}

bool slots_needed(int64_t size)
{
	return size > SMALL_MAX;
}

/* True when the lane may take a slot now. Caller holds the lock. */
static bool may_enter(const struct slots *slots, const struct slots_lane *lane)
{
	unsigned reserved = slots->starved;
	if (reserved > slots->total / 2)
		reserved = slots->total / 2;
	if (!lane || !lane->blobs)
		reserved = 0;
	return slots->used + reserved < slots->total;
}

/* Caller holds the lock. */
static void take(struct slots *slots, struct slots_lane *lane)
{
	slots->used++;
	if (lane) {
		lane->blobs++;
		update(slots, lane);
	}
}

void slots_enter(struct slots *slots, struct slots_lane *lane)
{
	bool taken = false;
	slots_share(slots, lane, &taken);
}

/* True when the next free slot is for this waiter, and there is one. Caller holds the lock. */
static bool is_next(const struct slots *slots, const struct waiter *waiter)
{
	const struct waiter *at = slots->waiters;
	while (at != waiter && (*at->taken || !may_enter(slots, at->lane)))
		at = at->next;
	return at == waiter && may_enter(slots, at->lane);
}

/* Waits until it is the caller's turn, or until *taken. Caller holds the lock. */
static void wait_for_turn(struct slots *slots, struct slots_lane *lane, const bool *taken)
{
	struct waiter waiter = {.lane = lane, .taken = taken};
	struct waiter **at = &slots->waiters;
	while (*at)
		at = &(*at)->next;
	*at = &waiter;
	while (!*taken && !is_next(slots, &waiter))
		pthread_cond_wait(&slots->changed, &slots->lock);
	for (at = &slots->waiters; *at != &waiter;)
		at = &(*at)->next;
	*at = waiter.next;
	pthread_cond_broadcast(&slots->changed);
}

bool slots_share(struct slots *slots, struct slots_lane *lane, bool *taken)
{
	pthread_mutex_lock(&slots->lock);
	wait_for_turn(slots, lane, taken);
	bool mine = !*taken;
	if (mine) {
		take(slots, lane);
		*taken = true;
	}
	pthread_mutex_unlock(&slots->lock);
	return mine;
}

bool slots_lane_enter(struct slots *slots, struct slots_lane *lane)
{
	if (!lane)
		return false;
	pthread_mutex_lock(&slots->lock);
	unsigned number = lane->entered++;
	while (number - lane->left >= slots->total)
		pthread_cond_wait(&slots->changed, &slots->lock);
	pthread_mutex_unlock(&slots->lock);
	return true;
}

void slots_lane_leave(struct slots *slots, struct slots_lane *lane)
{
	pthread_mutex_lock(&slots->lock);
	lane->left++;
	pthread_cond_broadcast(&slots->changed);
	pthread_mutex_unlock(&slots->lock);
}

bool slots_try(struct slots *slots, struct slots_lane *lane)
{
	pthread_mutex_lock(&slots->lock);
	bool may = may_enter(slots, lane);
	if (may)
		take(slots, lane);
	pthread_mutex_unlock(&slots->lock);
	return may;
}

void slots_leave(struct slots *slots, struct slots_lane *lane)
{
	pthread_mutex_lock(&slots->lock);
	slots->used--;
	if (lane) {
		lane->blobs--;
		update(slots, lane);
	}
	pthread_cond_broadcast(&slots->changed);
	pthread_mutex_unlock(&slots->lock);
}
