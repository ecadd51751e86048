/*
 * Open addressing over an array of entries. Nothing is ever removed (a run only learns), so there
 * are no tombstones. FNV-1a is mixed with a per-process seed: a registry may choose the keys, and
 * must not be able to make them collide.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The address of the map's own memory varies with ASLR; getrandom is asked once per map. */
static uint64_t hash_of(const struct map *map, struct str key)
{
	uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)map->slots[map->slots_cap];
	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3u;
	hash ^= hash >> 32;
	return hash * 0x9e3779b97f4a7c15u;
}

static size_t *slot_of(const struct map *map, struct str key, uint64_t hash)
{
	size_t mask = map->slots_cap - 1;
	for (size_t i = (size_t)(hash >> 20) & mask;; i = (i + 1) & mask) {
		size_t *slot = &map->slots[i];
		if (!*slot)
			return slot;
		const struct map_entry *entry = &map->entries[*slot - 1];
		if (entry->hash == hash && str_equal((struct str){entry->key, entry->len}, key))
			return slot;
	}
}

/* Doubles the slots. The word behind the last slot holds the seed. */
static bool grow(struct map *map)
{
	size_t cap = map->slots_cap ? map->slots_cap * 2 : 16;
	size_t *slots = calloc(cap + 1, sizeof(*slots));
	struct map_entry *entries = realloc(map->entries, cap / 2 * sizeof(*entries));
	if (entries)
		map->entries = entries;
	if (!slots || !entries) {
		free(slots);
		return false;
	}
	map->entries_cap = cap / 2;
	if (map->slots)
		slots[cap] = map->slots[map->slots_cap];
	else if (getrandom(&slots[cap], sizeof(slots[cap]), GRND_NONBLOCK) < 0)
		slots[cap] = (size_t)(uintptr_t)slots;
	free(map->slots);
	map->slots = slots;
	map->slots_cap = cap;
	for (size_t i = 0; i < map->count; i++) {
		const struct map_entry *entry = &map->entries[i];
		*slot_of(map, (struct str){entry->key, entry->len}, entry->hash) = i + 1;
	}
	return true;
}

void map_finish(struct map *map)
{
	for (size_t i = 0; i < map->count && !map->borrows; i++)
		free((void *)(uintptr_t)map->entries[i].key);
	free(map->entries);
	free(map->slots);
	*map = (struct map){0};
}

void *map_get(const struct map *map, struct str key)
{
	if (!map->count)
		return NULL;
	size_t slot = *slot_of(map, key, hash_of(map, key));
	return slot ? map->entries[slot - 1].value : NULL;
}

static char *copy_of(struct str key)
{
	char *copy = malloc(key.len + 1);
	if (copy && key.len)
		memcpy(copy, key.at, key.len);
	if (copy)
		copy[key.len] = '\0';
	return copy;
}

bool map_put(struct map *map, struct str key, void *value)
{
	if (map->count >= map->entries_cap && !grow(map))
		return false;
	uint64_t hash = hash_of(map, key);
	size_t *slot = slot_of(map, key, hash);
	if (*slot) {
		map->entries[*slot - 1].value = value;
		return true;
	}
	const char *kept = !map->borrows ? copy_of(key) : key.at ? key.at : "";
	if (!kept)
		return false;
	map->entries[map->count] = (struct map_entry){kept, key.len, hash, value};
	*slot = ++map->count;
	return true;
}

static int by_key(const void *left, const void *right)
{
	const struct map_entry *a = *(const struct map_entry *const *)left;
	const struct map_entry *b = *(const struct map_entry *const *)right;
	int order = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

const struct map_entry **map_sorted(const struct map *map, struct arena *arena)
{
	const struct map_entry **list = arena_array(arena, map->count + 1, sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		list[i] = &map->entries[i];
	qsort(list, map->count, sizeof(*list), by_key);
	return list;
}
