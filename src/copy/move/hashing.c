/*
 * The bytes are copied into a ring, which costs a fifteenth of hashing them, so that neither the
 * source nor the target of a blob need know of it. The ring fits the cache of a processor.
 *
 * Each thread lets the other one wait until there is work for a while: waking it takes as long as
 * hashing a few KiB.
 */
#include "copy/move/hashing.h"

#include "base/arena.h"
#include "base/thread.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
	LARGE = 16 * 1024 * 1024, /* bytes for which a second thread pays */
	RING = 512 * 1024,
	BATCH = 128 * 1024, /* bytes that a thread is woken for */
	PIECE = 64 * 1024,  /* bytes that are hashed before their room is free again */
	STACK_BYTES = 128 * 1024,
};

struct hashing_helper {
	struct arena *arena;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows, but not the bytes in the ring */
	pthread_cond_t more;  /* the helper waits for bytes */
	pthread_cond_t less;  /* the owner waits for room, or for the ring to be empty */
	size_t start, used;
	bool flush; /* the helper waits for no batch */
	bool end;
	struct digest_hash hash; /* the helper's own while used > 0 */
	char *ring;
};

void hashing_hashers_init(struct hashers *hashers)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	atomic_init(&hashers->free, processors > 1 ? (int)processors - 1 : 0);
}

/* --- the helper's thread -------------------------------------------------------------------- */

/* The bytes to hash next; 0: it is to end. */
static size_t next_piece(struct hashing_helper *helper)
{
	while (helper->used < BATCH && !helper->end && !(helper->flush && helper->used))
		pthread_cond_wait(&helper->more, &helper->lock);
	size_t len = helper->used < PIECE ? helper->used : PIECE;
	return helper->end ? 0 : len < RING - helper->start ? len : RING - helper->start;
}

static void *help(void *ctx)
{
	struct hashing_helper *helper = ctx;
	size_t len;
	pthread_mutex_lock(&helper->lock);
	while ((len = next_piece(helper))) {
		const char *at = helper->ring + helper->start;
		pthread_mutex_unlock(&helper->lock);
		digest_update(&helper->hash, at, len);
		pthread_mutex_lock(&helper->lock);
		helper->start = (helper->start + len) % RING;
		helper->used -= len;
		if (helper->flush ? !helper->used : helper->used <= RING - BATCH)
			pthread_cond_signal(&helper->less);
	}
	pthread_mutex_unlock(&helper->lock);
	return NULL;
}

/* --- the owner's thread --------------------------------------------------------------------- */

static void destroy(struct hashing_helper *helper)
{
	struct arena *arena = helper->arena;
	pthread_cond_destroy(&helper->more);
	pthread_cond_destroy(&helper->less);
	pthread_mutex_destroy(&helper->lock);
	arena_free(&arena);
}

/* NULL: it cannot be had. */
static struct hashing_helper *new_helper(const struct digest_hash *hash)
{
	struct arena *arena = arena_new();
	struct hashing_helper *helper = arena ? arena_new_of(arena, struct hashing_helper) : NULL;
	char *ring = helper ? arena_alloc(arena, RING) : NULL;
	if (!ring) {
		arena_free(&arena);
		return NULL;
	}
	*helper = (struct hashing_helper){.arena = arena, .hash = *hash, .ring = ring};
	pthread_mutex_init(&helper->lock, NULL);
	pthread_cond_init(&helper->more, NULL);
	pthread_cond_init(&helper->less, NULL);
	if (thread_start(&helper->thread, STACK_BYTES, help, helper))
		return helper;
	destroy(helper);
	return NULL;
}

static bool take_one(struct hashers *hashers)
{
	int free = atomic_load(&hashers->free);
	while (free > 0 && !atomic_compare_exchange_weak(&hashers->free, &free, free - 1))
		;
	return free > 0;
}

void hashing_begin(struct hashing *out, struct hashers *hashers, const struct digest_hash *from,
		   int64_t left)
{
	*out = (struct hashing){.hashers = hashers, .left = left, .hash = *from};
}

/* Gets a helper if one is free by now, and pays. */
static void get_help(struct hashing *hashing)
{
	if (!hashing->hashers || hashing->left < LARGE || !take_one(hashing->hashers))
		return;
	hashing->helper = new_helper(&hashing->hash);
	if (!hashing->helper)
		atomic_fetch_add(&hashing->hashers->free, 1);
}

/* Puts some of the bytes into the ring, for which it waits to have room; returns how many. */
static size_t put(struct hashing_helper *helper, const char *bytes, size_t len)
{
	pthread_mutex_lock(&helper->lock);
	while (helper->used > RING - BATCH)
		pthread_cond_wait(&helper->less, &helper->lock);
	size_t end = (helper->start + helper->used) % RING, room = RING - helper->used;
	pthread_mutex_unlock(&helper->lock);
	if (room > RING - end)
		room = RING - end;
	if (len > room)
		len = room;
	memcpy(helper->ring + end, bytes, len);
	pthread_mutex_lock(&helper->lock);
	helper->used += len;
	if (helper->used >= BATCH)
		pthread_cond_signal(&helper->more);
	pthread_mutex_unlock(&helper->lock);
	return len;
}

void hashing_add(struct hashing *hashing, const void *bytes, size_t len)
{
	const char *at = bytes;
	if (!hashing->helper)
		get_help(hashing);
	hashing->left -= (int64_t)len;
	if (!hashing->helper) {
		digest_update(&hashing->hash, bytes, len);
		return;
	}
	for (size_t done; len; at += done, len -= done)
		done = put(hashing->helper, at, len);
}

const struct digest_hash *hashing_state(struct hashing *hashing)
{
	struct hashing_helper *helper = hashing->helper;
	if (!helper)
		return &hashing->hash;
	pthread_mutex_lock(&helper->lock);
	helper->flush = true;
	pthread_cond_signal(&helper->more);
	while (helper->used)
		pthread_cond_wait(&helper->less, &helper->lock);
	helper->flush = false;
	pthread_mutex_unlock(&helper->lock);
	return &helper->hash;
}

void hashing_finish(struct hashing *hashing)
{
	struct hashing_helper *helper = hashing->helper;
	if (!helper)
		return;
	pthread_mutex_lock(&helper->lock);
	helper->end = true;
	pthread_cond_signal(&helper->more);
	pthread_mutex_unlock(&helper->lock);
	pthread_join(helper->thread, NULL);
	destroy(helper);
	hashing->helper = NULL;
	atomic_fetch_add(&hashing->hashers->free, 1);
}
