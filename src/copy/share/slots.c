/*
 * One mutex and one condition: a slot is taken once a blob, and a blob is many packets.
 *
 * Who waits longest and may have a slot gets it: blobs of an image for several registries come in
 * the same order everywhere, and are moved in that order (fanout.c).
 */
#include "copy/share/slots.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include <pthread.h>

enum { SMALL_MAX = 128 * 1024 };

struct slots_lane {
	size_t images;   /* not done */
	unsigned blobs;  /* slots held */
	bool waiting_in; /* counted in slots->waiting */
	unsigned came;   /* all that called slots_board(), */
	unsigned left;   /* and those of them that are through */
};

/* On the stack of a thread that waits. */
struct waiter {
	struct waiter *next; /* came later */
	struct slots_lane *lane;
	const bool *held; /* as in slots_share() */
};

struct slots {
	struct arena *arena;
	unsigned total;
	pthread_mutex_t lock; /* guards what follows, and arena */
	pthread_cond_t changed;
	unsigned used;
	unsigned waiting; /* pairs that have images and no slot */
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

/* Called locked, after a change of the lane. */
static void update(struct slots *slots, struct slots_lane *lane)
{
	bool waiting_in = lane->images && !lane->blobs;
	if (waiting_in && !lane->waiting_in)
		slots->waiting++;
	else if (!waiting_in && lane->waiting_in)
		slots->waiting--;
	lane->waiting_in = waiting_in;
	pthread_cond_broadcast(&slots->changed);
}

/* Called locked. */
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

/* Called locked. */
static bool may_enter(const struct slots *slots, const struct slots_lane *lane)
{
	unsigned kept = slots->waiting;
	if (kept > slots->total / 2)
		kept = slots->total / 2;
	if (!lane || !lane->blobs)
		kept = 0;
	return slots->used + kept < slots->total;
}

/* Called locked. */
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
	bool held = false;
	slots_share(slots, lane, &held);
}

/* Called locked. */
static bool is_next(const struct slots *slots, const struct waiter *waiter)
{
	const struct waiter *at = slots->waiters;
	while (at != waiter && (*at->held || !may_enter(slots, at->lane)))
		at = at->next;
	return at == waiter && may_enter(slots, at->lane);
}

/* Called locked. Waits until it is the caller's turn, or *held. */
static void wait_for_turn(struct slots *slots, struct slots_lane *lane, const bool *held)
{
	struct waiter waiter = {.lane = lane, .held = held};
	struct waiter **at = &slots->waiters;
	while (*at)
		at = &(*at)->next;
	*at = &waiter;
	while (!*held && !is_next(slots, &waiter))
		pthread_cond_wait(&slots->changed, &slots->lock);
	for (at = &slots->waiters; *at != &waiter;)
		at = &(*at)->next;
	*at = waiter.next;
	pthread_cond_broadcast(&slots->changed);
}

bool slots_share(struct slots *slots, struct slots_lane *lane, bool *held)
{
	pthread_mutex_lock(&slots->lock);
	wait_for_turn(slots, lane, held);
	bool mine = !*held;
	if (mine) {
		take(slots, lane);
		*held = true;
	}
	pthread_mutex_unlock(&slots->lock);
	return mine;
}

bool slots_board(struct slots *slots, struct slots_lane *lane)
{
	if (!lane)
		return false;
	pthread_mutex_lock(&slots->lock);
	unsigned number = lane->came++;
	while (number - lane->left >= slots->total)
		pthread_cond_wait(&slots->changed, &slots->lock);
	pthread_mutex_unlock(&slots->lock);
	return true;
}

void slots_disembark(struct slots *slots, struct slots_lane *lane)
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
