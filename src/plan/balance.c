/*
 * The heaviest bundle goes to the lightest group, again and again. So no group gets more above its
 * share than the heaviest bundle weighs, and a quarter is kept to once no bundle is heavier.
 */
#include "plan/balance.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdlib.h>

/* Items that go to the same group. */
struct bundle {
	int64_t weight;
	size_t first; /* the number of its first item */
	unsigned group;
};

struct balance {
	struct arena *arena;
	struct map repositories; /* name -> its struct bundle */
	struct map images;       /* name and digest -> struct bundle, where it is divided */
	struct bundle **bundles; /* those that are put into groups */
	size_t bundle_count;
	int64_t share; /* of each group */
	int64_t most;  /* repositories that weigh more are divided */
	int64_t load;  /* of the heaviest group */
};

static void finish(struct balance *balance)
{
	map_finish(&balance->repositories);
	map_finish(&balance->images);
	arena_free(&balance->arena);
}

static int64_t sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Adds an item to the bundle of that name, which it may begin. NULL without memory. */
static struct bundle *add(struct balance *balance, struct map *map, struct str name,
			  const struct balance_item *item, size_t number)
{
	struct bundle *bundle = map_get(map, name);
	if (!bundle) {
		bundle = arena_new_of(balance->arena, struct bundle);
		if (!bundle || !map_put(map, name, bundle))
			return NULL;
		bundle->first = number;
	}
	bundle->weight = sum(bundle->weight, item->weight);
	return bundle;
}

/* The bundle of the item within its repository. */
static struct bundle *part_of(struct balance *balance, const struct balance_item *item,
			      size_t number, bool find)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%.*s@%.*s", STR_ARGS(item->repository), STR_ARGS(item->digest));
	if (!buf_ok(&key))
		return NULL;
	return find ? map_get(&balance->images, buf_str(&key))
		    : add(balance, &balance->images, buf_str(&key), item, number);
}

static bool is_divided(const struct balance *balance, const struct bundle *repository)
{
	return repository->weight > balance->most;
}

static bool find_repositories(struct balance *balance, const struct balance_item *items,
			      size_t count, unsigned groups)
{
	int64_t all = 0;
	for (size_t i = 0; i < count; i++) {
		all = sum(all, items[i].weight);
		if (!add(balance, &balance->repositories, items[i].repository, &items[i], i))
			return false;
	}
	balance->share = all / groups + 1;
	return true;
}

static bool divide(struct balance *balance, const struct balance_item *items, size_t count)
{
	map_finish(&balance->images);
	for (size_t i = 0; i < count; i++)
		if (is_divided(balance, map_get(&balance->repositories, items[i].repository)) &&
		    !part_of(balance, &items[i], i, false))
			return false;
	return true;
}

static int by_weight(const void *left, const void *right)
{
	const struct bundle *a = *(struct bundle *const *)left;
	const struct bundle *b = *(struct bundle *const *)right;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static bool sort(struct balance *balance)
{
	const struct map *repositories = &balance->repositories, *images = &balance->images;
	size_t most = repositories->count + images->count, count = 0;
	balance->bundles = arena_array(balance->arena, most + 1, sizeof(*balance->bundles));
	if (!balance->bundles)
		return false;
	for (size_t i = 0; i < repositories->count; i++)
		if (!is_divided(balance, repositories->entries[i].value))
			balance->bundles[count++] = repositories->entries[i].value;
	for (size_t i = 0; i < images->count; i++)
		balance->bundles[count++] = images->entries[i].value;
	balance->bundle_count = count;
	qsort(balance->bundles, count, sizeof(struct bundle *), by_weight);
	return true;
}

static bool distribute(struct balance *balance, unsigned count)
{
	int64_t *load = arena_array(balance->arena, count, sizeof(*load));
	if (!load)
		return false;
	for (size_t i = 0; i < balance->bundle_count; i++) {
		struct bundle *bundle = balance->bundles[i];
		unsigned lightest = 0;
		for (unsigned j = 1; j < count; j++)
			if (load[j] < load[lightest])
				lightest = j;
		load[lightest] = sum(load[lightest], bundle->weight);
		bundle->group = lightest;
	}
	balance->load = 0;
	for (unsigned i = 0; i < count; i++)
		balance->load = load[i] > balance->load ? load[i] : balance->load;
	return true;
}

/* Divides as little as is enough. */
static bool spread(struct balance *balance, const struct balance_item *items, size_t item_count,
		   unsigned count)
{
	for (int part = 1; part <= 4; part *= 2) {
		balance->most = balance->share / part;
		if (!divide(balance, items, item_count) || !sort(balance) ||
		    !distribute(balance, count))
			return false;
		if (balance->load - balance->share <= balance->share / 4)
			break;
	}
	return true;
}

bool balance_spread(struct balance_item *items, size_t item_count, unsigned count)
{
	scoped(finish) struct balance balance = {.arena = arena_new()};
	if (!balance.arena || !find_repositories(&balance, items, item_count, count) ||
	    !spread(&balance, items, item_count, count))
		return false;
	for (size_t i = 0; i < item_count; i++) {
		const struct bundle *bundle = map_get(&balance.repositories, items[i].repository);
		if (is_divided(&balance, bundle))
			bundle = part_of(&balance, &items[i], i, true);
		if (!bundle)
			return false;
		items[i].group = bundle->group;
	}
	return true;
}
