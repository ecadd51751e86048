/*
 * One mutex and one condition: a place is taken once a blob, and a blob is many packets.
 *
 * Who waits longest and may have a place gets it: blobs of an image for several registries come in
 * the same order everywhere, and are moved in that order (tees.c).
 */
#include "copy/share/places.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include <pthread.h>

enum { SMALL_MAX = 128 * 1024 };

struct places_lane {
	size_t images;   /* not done */
	unsigned blobs;  /* places held */
	bool waiting_in; /* counted in places->waiting */
	unsigned came;   /* all that called places_board(), */
	unsigned left;   /* and those of them that are through */
};

/* On the stack of a thread that waits. */
struct waiter {
	struct waiter *next; /* came later */
	struct places_lane *lane;
	const bool *held; /* as in places_share() */
};

struct places {
	struct arena *arena;
	unsigned total;
	pthread_mutex_t lock; /* guards what follows, and arena */
	pthread_cond_t changed;
	unsigned used;
	unsigned waiting; /* pairs that have images and no place */
	struct waiter *waiters;
	struct map lanes;
};

struct places *places_new(unsigned total)
{
	struct arena *arena = arena_new();
	struct places *places = arena ? arena_new_of(arena, struct places) : NULL;
	if (!places) {
		arena_free(&arena);
		return NULL;
	}
	places->arena = arena;
	places->total = total;
	pthread_mutex_init(&places->lock, NULL);
	pthread_cond_init(&places->changed, NULL);
	return places;
}

void places_free(struct places **places)
{
	if (!*places)
		return;
	struct arena *arena = (*places)->arena;
	map_finish(&(*places)->lanes);
	pthread_cond_destroy(&(*places)->changed);
	pthread_mutex_destroy(&(*places)->lock);
	*places = NULL;
	arena_free(&arena);
}

/* Called locked, after a change of the lane. */
static void update(struct places *places, struct places_lane *lane)
{
	bool waiting_in = lane->images && !lane->blobs;
	if (waiting_in && !lane->waiting_in)
		places->waiting++;
	else if (!waiting_in && lane->waiting_in)
		places->waiting--;
	lane->waiting_in = waiting_in;
	pthread_cond_broadcast(&places->changed);
}

/* Called locked. */
static struct places_lane *lane_of(struct places *places, const char *from, const char *to,
				   bool add)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%s %s", from, to);
	if (!buf_ok(&key))
		return NULL;
	struct places_lane *lane = map_get(&places->lanes, buf_str(&key));
	if (lane || !add)
		return lane;
	lane = arena_new_of(places->arena, struct places_lane);
	return lane && map_put(&places->lanes, buf_str(&key), lane) ? lane : NULL;
}

bool places_expect(struct places *places, const char *from, const char *to, size_t images)
{
	pthread_mutex_lock(&places->lock);
	struct places_lane *lane = lane_of(places, from, to, true);
	if (lane) {
		lane->images += images;
		update(places, lane);
	}
	pthread_mutex_unlock(&places->lock);
	return lane != NULL;
}

void places_done(struct places *places, struct places_lane *lane)
{
	pthread_mutex_lock(&places->lock);
	if (lane && lane->images) {
		lane->images--;
		update(places, lane);
	}
	pthread_mutex_unlock(&places->lock);
}

struct places_lane *places_find(struct places *places, const char *from, const char *to)
{
	pthread_mutex_lock(&places->lock);
	struct places_lane *lane = lane_of(places, from, to, false);
	pthread_mutex_unlock(&places->lock);
	return lane;
}

bool places_needed(int64_t size)
{
	return size > SMALL_MAX;
}

/* Called locked. */
static bool may_enter(const struct places *places, const struct places_lane *lane)
{
	unsigned kept = places->waiting;
	if (kept > places->total / 2)
		kept = places->total / 2;
	if (!lane || !lane->blobs)
		kept = 0;
	return places->used + kept < places->total;
}

/* Called locked. */
static void take(struct places *places, struct places_lane *lane)
{
	places->used++;
	if (lane) {
		lane->blobs++;
		update(places, lane);
	}
}

void places_enter(struct places *places, struct places_lane *lane)
{
	bool held = false;
	places_share(places, lane, &held);
}

/* Called locked. */
static bool is_next(const struct places *places, const struct waiter *waiter)
{
	const struct waiter *at = places->waiters;
	while (at != waiter && (*at->held || !may_enter(places, at->lane)))
		at = at->next;
	return at == waiter && may_enter(places, at->lane);
}

/* Called locked. Waits until it is the caller's turn, or *held. */
static void wait_for_turn(struct places *places, struct places_lane *lane, const bool *held)
{
	struct waiter waiter = {.lane = lane, .held = held};
	struct waiter **at = &places->waiters;
	while (*at)
		at = &(*at)->next;
	*at = &waiter;
	while (!*held && !is_next(places, &waiter))
		pthread_cond_wait(&places->changed, &places->lock);
	for (at = &places->waiters; *at != &waiter;)
		at = &(*at)->next;
	*at = waiter.next;
	pthread_cond_broadcast(&places->changed);
}

bool places_share(struct places *places, struct places_lane *lane, bool *held)
{
	pthread_mutex_lock(&places->lock);
	wait_for_turn(places, lane, held);
	bool mine = !*held;
	if (mine) {
		take(places, lane);
		*held = true;
	}
	pthread_mutex_unlock(&places->lock);
	return mine;
}

bool places_board(struct places *places, struct places_lane *lane)
{
	if (!lane)
		return false;
	pthread_mutex_lock(&places->lock);
	unsigned number = lane->came++;
	while (number - lane->left >= places->total)
		pthread_cond_wait(&places->changed, &places->lock);
	pthread_mutex_unlock(&places->lock);
	return true;
}

void places_disembark(struct places *places, struct places_lane *lane)
{
	pthread_mutex_lock(&places->lock);
	lane->left++;
	pthread_cond_broadcast(&places->changed);
	pthread_mutex_unlock(&places->lock);
}

bool places_try(struct places *places, struct places_lane *lane)
{
	pthread_mutex_lock(&places->lock);
	bool may = may_enter(places, lane);
	if (may)
		take(places, lane);
	pthread_mutex_unlock(&places->lock);
	return may;
}

void places_leave(struct places *places, struct places_lane *lane)
{
	pthread_mutex_lock(&places->lock);
	places->used--;
	if (lane) {
		lane->blobs--;
		update(places, lane);
	}
	pthread_cond_broadcast(&places->changed);
	pthread_mutex_unlock(&places->lock);
}
