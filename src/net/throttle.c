/*
 * A time line: each piece occupies the time it takes at the given rate, right after the piece
 * before it, and its reader sleeps until the end of that time. Unused time is lost, so there are no
 * bursts.
 */
#include "net/throttle.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"

#include <pthread.h>

enum { PIECES_PER_SECOND = 32, PIECE_MIN = 1024 };

struct throttle {
	struct arena *arena;
	int64_t per_second;
	size_t piece; /* most bytes to read at once */
	pthread_mutex_t lock;
	int64_t free_us; /* end of the last occupied time; guarded by lock */
};

struct throttle *throttle_new(int64_t per_second)
{
	struct arena *arena = arena_new();
	struct throttle *throttle = arena ? arena_new_of(arena, struct throttle) : NULL;
	int64_t piece = per_second / PIECES_PER_SECOND;
	if (!throttle) {
		arena_free(&arena);
		return NULL;
	}
	*throttle = (struct throttle){.arena = arena, .per_second = per_second};
	throttle->piece = piece > PIECE_MIN ? (size_t)piece : PIECE_MIN;
	pthread_mutex_init(&throttle->lock, NULL);
	return throttle;
}

void throttle_free(struct throttle **throttle)
{
	if (!*throttle)
		return;
	struct arena *arena = (*throttle)->arena;
	pthread_mutex_destroy(&(*throttle)->lock);
	*throttle = NULL;
	arena_free(&arena);
}

int64_t throttle_take(struct throttle *throttle, int64_t now_us, size_t size)
{
	pthread_mutex_lock(&throttle->lock);
	if (throttle->free_us < now_us)
		throttle->free_us = now_us;
	throttle->free_us += (int64_t)((double)size * 1e6 / (double)throttle->per_second);
	int64_t wait = throttle->free_us - now_us;
	pthread_mutex_unlock(&throttle->lock);
	return wait;
}

/* After a stop, transfers under way may finish as fast as they can. */
static bool read_slowly(struct reader *reader, void *at, size_t size, size_t *got,
			struct error *err)
{
	struct throttle_reader *slow = (struct throttle_reader *)reader;
	if (size > slow->throttle->piece)
		size = slow->throttle->piece;
	if (!slow->source->read(slow->source, at, size, got, err))
		return false;
	cancel_sleep((unsigned)(throttle_take(slow->throttle, clock_ms() * 1000, *got) / 1000));
	return true;
}

static bool read_freely(struct reader *reader, void *at, size_t size, size_t *got,
			struct error *err)
{
	struct throttle_reader *slow = (struct throttle_reader *)reader;
	return slow->source->read(slow->source, at, size, got, err);
}

void throttle_attach(struct throttle *throttle, struct reader *source, struct throttle_reader *out)
{
	*out = (struct throttle_reader){.reader = {throttle ? read_slowly : read_freely},
					.source = source,
					.throttle = throttle};
}
