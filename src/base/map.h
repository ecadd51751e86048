/*
 * A hash map from text to pointer, in insertion order.
 *
 * Keys are copied, unless the map borrows them; values belong to the caller. Not locked: a shared
 * map needs its owner's lock. Zeroed memory is an empty map.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
	const char *key;
	size_t len;
	uint64_t hash;
	void *value;
};

struct map {
	struct map_entry *entries; /* in insertion order; callers may read them */
	size_t count;
	size_t entries_cap;
	size_t *slots; /* entry number + 1, 0 is free */
	size_t slots_cap;
	bool borrows; /* set while it is empty: keys outlive the map, and are not copied */
};

/* Releases the map's own memory, not the values. */
void map_finish(struct map *map);
/* The value of key, or NULL. */
void *map_get(const struct map *map, struct str key);
/* Sets key to value, replacing an older value. False without memory; the map is unchanged then. */
bool map_put(struct map *map, struct str key, void *value);
/* All entries in the order of their keys, in arena, until the map changes. NULL without memory. */
const struct map_entry **map_sorted(const struct map *map, struct arena *arena);
