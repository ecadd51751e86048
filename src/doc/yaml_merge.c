/*
 * Merged pairs take the place of the <<, so that rules keep the order in which they are read. A
 * mapping's own keys are collected before anything is merged, so they win wherever they are
 * written. A key that one mapping has twice is merged twice, since it is not decided here whether
 * that is a mistake.
 */
#include "doc/yaml_merge.h"

#include "base/map.h"

struct merge {
	struct arena *arena;
	struct map
		seen; /* keys that are taken -> what they were taken from, one address for each */
	const struct node **keys, **items;
	size_t count;
	struct error *err;
};

static void finish(struct merge *merge)
{
	map_finish(&merge->seen);
}

static bool is_merge(const struct node *key)
{
	return !key->quoted && str_is(key->text, "<<");
}

static bool take(struct merge *merge, const struct node *key, const void *origin)
{
	return map_put(&merge->seen, key->text, (void *)(uintptr_t)origin) ||
	       error_memory(merge->err);
}

/* The largest number of pairs that value can add. False: it cannot be merged. */
static bool count_pairs(const struct node *value, size_t *count)
{
	if (value->kind == NODE_MAP)
		*count += value->count;
	if (value->kind != NODE_LIST)
		return value->kind == NODE_MAP;
	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i]->kind != NODE_MAP)
			return false;
		*count += value->items[i]->count;
	}
	return true;
}

static void add_pair(struct merge *merge, const struct node *key, const struct node *item)
{
	/* begin() made both lists. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	merge->keys[merge->count] = key;
	merge->items[merge->count++] = item;
}

static bool merge_map(struct merge *merge, const struct node *const *from)
{
	for (size_t i = 0; i < (*from)->count; i++) {
		const struct node *key = (*from)->keys[i];
		const void *origin = map_get(&merge->seen, key->text);
		if (origin && origin != from)
			continue;
		if (!origin && !take(merge, key, from))
			return false;
		add_pair(merge, key, (*from)->items[i]);
	}
	return true;
}

static bool merge_value(struct merge *merge, const struct node *const *value)
{
	if ((*value)->kind == NODE_MAP)
		return merge_map(merge, value);
	for (size_t i = 0; i < (*value)->count; i++)
		if (!merge_map(merge, &(*value)->items[i]))
			return false;
	return true;
}

/* Collects the map's own keys and makes room for all possible pairs. */
static bool begin(struct merge *merge, const struct node *map)
{
	size_t most = map->count;
	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];
		if (!is_merge(key) && !take(merge, key, map))
			return false;
		if (is_merge(key) && !count_pairs(map->items[i], &most))
			return error_set(merge->err, ERROR_CONFIG,
					 "%d:%d: << takes a mapping or a list of mappings, as in "
					 "<<: *name; put a key of that name in quotes",
					 key->line, key->column);
	}
	merge->keys = arena_array(merge->arena, most, sizeof(*merge->keys));
	merge->items = arena_array(merge->arena, most, sizeof(*merge->items));
	return (merge->keys && merge->items) || error_memory(merge->err);
}

bool yaml_merge(struct arena *arena, struct node *map, struct error *err)
{
	scoped(finish) struct merge merge = {.arena = arena, .err = err};
	bool wanted = false;
	for (size_t i = 0; i < map->count; i++)
		wanted = wanted || is_merge(map->keys[i]);
	if (!wanted)
		return true;
	if (!begin(&merge, map))
		return false;
	for (size_t i = 0; i < map->count; i++) {
		if (!is_merge(map->keys[i]))
			add_pair(&merge, map->keys[i], map->items[i]);
		else if (!merge_value(&merge, &map->items[i]))
			return false;
	}
	map->keys = merge.keys;
	map->items = merge.items;
	map->count = (uint32_t)merge.count;
	return true;
}
