/*
 * base/map.h never forgets, so this is a table of its own: entries are chained through themselves,
 * and removing one needs no memory. Both kinds of bucket are as many, and grow together; if there
 * is no memory for more, chains become longer, and that is all.
 *
 * What comes after the host is hashed: then an image's own key and those of its rivals, which the
 * same destination would get from another host, are in one chain. A hook chooses the names, and the
 * seed keeps it from choosing their chain.
 */
#include "serve/entries.h"

#include "doc/node.h"

#include <string.h>
#include <sys/random.h>

enum { BUCKETS_FIRST = 64 };

struct pending *entries_new(struct str key, int64_t now)
{
	scoped(buf_finish) struct buf line = buf_limit(NODE_BYTES_MAX);
	struct error err;
	struct arena *arena = arena_new_small();
	struct pending *made = arena ? arena_new_of(arena, struct pending) : NULL;
	const char *text = made ? arena_copy(arena, key.at, key.len) : NULL;
	if (text)
		record_encode(text, &line);
	const char *copy = text && buf_ok(&line) ? arena_copy(arena, line.at, line.len) : NULL;
	bool valid = copy && record_split((struct str){text, key.len}, &made->key, &err);
	if (!copy || (!valid && err.kind == ERROR_MEMORY)) {
		arena_free(&arena);
		return NULL;
	}
	made->arena = arena;
	made->text = text;
	made->line = (struct str){copy, line.len};
	made->valid = valid;
	made->state = valid ? QUEUE_PENDING : QUEUE_UNROUTED;
	made->queued = made->named_at = now;
	if (!valid)
		made->key = (struct record_key){.image = {text, key.len}};
	return made;
}

void entries_free(struct pending **pending)
{
	if (!*pending)
		return;
	struct arena *arena = (*pending)->arena;
	arena_free(&(*pending)->why_arena);
	arena_free(&arena);
	*pending = NULL;
}

/* --- buckets ------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct entries *entries, struct str image)
{
	uint64_t hash = 0xcbf29ce484222325u ^ entries->seed;
	for (size_t i = 0; i < image.len; i++)
		hash = (hash ^ (unsigned char)image.at[i]) * 0x100000001b3u;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15u;
	return hash ^ (hash >> 32);
}

static void chain(struct entries *entries, struct pending *pending)
{
	struct pending **image = &entries->by_image[pending->hash & (entries->buckets - 1)];
	struct pending **id = &entries->by_id[pending->id & (entries->buckets - 1)];
	pending->next_image = *image;
	*image = pending;
	pending->next_id = *id;
	*id = pending;
}

/* Doubles the buckets. False without memory, and nothing has changed. */
static bool grow(struct entries *entries)
{
	size_t count = entries->buckets ? 2 * entries->buckets : BUCKETS_FIRST;
	struct arena *arena = arena_new();
	struct pending **image = arena ? arena_array(arena, count, sizeof(struct pending *)) : NULL;
	struct pending **id = arena ? arena_array(arena, count, sizeof(struct pending *)) : NULL;
	if (!image || !id) {
		arena_free(&arena);
		return false;
	}
	arena_free(&entries->arena);
	entries->arena = arena;
	entries->by_image = image;
	entries->by_id = id;
	entries->buckets = count;
	for (struct pending *each = entries->first; each; each = each->next_one)
		chain(entries, each);
	return true;
}

bool entries_init(struct entries *entries)
{
	if (getrandom(&entries->seed, sizeof(entries->seed), GRND_NONBLOCK) < 0)
		entries->seed = (uint64_t)(uintptr_t)entries;
	return grow(entries);
}

void entries_add(struct entries *entries, struct pending *pending)
{
	if (entries->count >= entries->buckets)
		(void)grow(entries);
	pending->hash = hash_of(entries, pending->key.image);
	pending->previous = entries->last;
	pending->next_one = NULL;
	if (entries->last)
		entries->last->next_one = pending;
	else
		entries->first = pending;
	entries->last = pending;
	entries->count++;
	chain(entries, pending);
}

static void unchain(struct entries *entries, struct pending *pending)
{
	struct pending **at = &entries->by_image[pending->hash & (entries->buckets - 1)];
	while (*at != pending)
		at = &(*at)->next_image;
	*at = pending->next_image;
	at = &entries->by_id[pending->id & (entries->buckets - 1)];
	while (*at != pending)
		at = &(*at)->next_id;
	*at = pending->next_id;
}

void entries_take_out(struct entries *entries, struct pending *pending)
{
	unchain(entries, pending);
	if (pending->previous)
		pending->previous->next_one = pending->next_one;
	else
		entries->first = pending->next_one;
	if (pending->next_one)
		pending->next_one->previous = pending->previous;
	else
		entries->last = pending->previous;
	entries->count--;
}

void entries_finish(struct entries *entries)
{
	struct pending *next;
	for (struct pending *each = entries->first; each; each = next) {
		next = each->next_one;
		entries_free(&each);
	}
	arena_free(&entries->arena);
	*entries = (struct entries){0};
}

/* --- finding ------------------------------------------------------------------------------- */

struct pending *entries_next(const struct pending *pending)
{
	return pending->next_one;
}

static struct pending *chain_of(const struct entries *entries, uint64_t hash)
{
	return entries->by_image[hash & (entries->buckets - 1)];
}

struct pending *entries_same(const struct entries *entries, const struct pending *like)
{
	struct pending *each = chain_of(entries, hash_of(entries, like->key.image));
	while (each && strcmp(each->text, like->text) != 0)
		each = each->next_image;
	return each;
}

/* Without a destination, rules say where an image goes, and may tell hosts apart. */
static bool rivals(const struct pending *a, const struct pending *b)
{
	return a->valid && b->valid && a->hash == b->hash && a->key.destination.len &&
	       str_equal(a->key.image, b->key.image) && strcmp(a->text, b->text) != 0;
}

struct pending *entries_rival(const struct entries *entries, const struct pending *pending,
			      const struct pending *after)
{
	struct pending *each = after ? after->next_image : chain_of(entries, pending->hash);
	while (each && !rivals(each, pending))
		each = each->next_image;
	return each;
}

struct pending *entries_with_id(const struct entries *entries, uint64_t id)
{
	struct pending *each = entries->by_id[id & (entries->buckets - 1)];
	while (each && each->id != id)
		each = each->next_id;
	return each;
}
