/*
 * Two passes: the first counts, so that each lane gets an array of its size; the second
 * distributes.
 */
#include "cmd/lanes.h"

#include "base/buf.h"
#include "base/map.h"

struct sorting {
	struct arena *arena;
	struct map parties; /* host -> struct pool_party */
	struct map lanes;   /* both hosts -> struct pair_lane */
};

struct pair_lane {
	struct pool_lane lane;
	size_t *numbers;
	unsigned *groups; /* NULL: none of them was in a group so far */
	size_t dealt;
};

static void sorting_finish(struct sorting *sorting)
{
	map_finish(&sorting->parties);
	map_finish(&sorting->lanes);
}

static struct pool_party *party_of(struct sorting *sorting, const char *host)
{
	struct pool_party *party = map_get(&sorting->parties, str_of(host));
	if (party)
		return party;
	party = arena_new_of(sorting->arena, struct pool_party);
	return party && map_put(&sorting->parties, str_of(host), party) ? party : NULL;
}

static struct pair_lane *entry_of(struct sorting *sorting, const char *const hosts[POOL_PARTIES])
{
	scoped(buf_finish) struct buf key = {0};
	for (size_t i = 0; i < POOL_PARTIES; i++)
		buf_printf(&key, "%s ", hosts[i] ? hosts[i] : "");
	struct pair_lane *entry = buf_ok(&key) ? map_get(&sorting->lanes, buf_str(&key)) : NULL;
	if (entry || !buf_ok(&key))
		return entry;
	entry = arena_new_of(sorting->arena, struct pair_lane);
	if (!entry || !map_put(&sorting->lanes, buf_str(&key), entry))
		return NULL;
	for (size_t i = 0; i < POOL_PARTIES; i++) {
		if (!hosts[i])
			continue;
		entry->lane.parties[i] = party_of(sorting, hosts[i]);
		if (!entry->lane.parties[i])
			return NULL;
	}
	return entry;
}

/* Adds the number to its lane, which has room for it. False without memory. */
static bool deal(struct sorting *sorting, size_t number, const struct lanes_need *need)
{
	struct pair_lane *entry = entry_of(sorting, need->hosts);
	if (!entry)
		return false;
	if (!entry->numbers)
		entry->numbers = arena_array(sorting->arena, entry->lane.n, sizeof(size_t));
	if (!entry->groups && need->group != POOL_ALONE)
		entry->groups = arena_array(sorting->arena, entry->lane.n, sizeof(unsigned));
	if (!entry->numbers || (!entry->groups && need->group != POOL_ALONE))
		return false;
	if (entry->groups)
		entry->groups[entry->dealt] = need->group;
	entry->numbers[entry->dealt++] = number;
	return true;
}

static const struct pool_lane *finish(struct sorting *sorting, size_t *lane_count)
{
	size_t count = sorting->lanes.count;
	struct pool_lane *lanes = arena_array(sorting->arena, count + 1, sizeof(*lanes));
	for (size_t i = 0; lanes && i < count; i++) {
		const struct pair_lane *entry = sorting->lanes.entries[i].value;
		lanes[i] = entry->lane;
		lanes[i].numbers = entry->numbers;
		lanes[i].groups = entry->groups;
	}
	*lane_count = count;
	return lanes;
}

const struct pool_lane *lanes_build(struct arena *arena, const size_t *numbers, size_t count,
				    lanes_needs *needs, void *ctx, size_t *lane_count)
{
	scoped(sorting_finish) struct sorting sorting = {.arena = arena};
	for (size_t i = 0; i < count; i++) {
		struct lanes_need need = {0};
		needs(ctx, numbers[i], &need);
		struct pair_lane *entry = entry_of(&sorting, need.hosts);
		if (!entry)
			return NULL;
		entry->lane.n++;
	}
	for (size_t i = 0; i < count; i++) {
		struct lanes_need need = {0};
		needs(ctx, numbers[i], &need);
		if (!deal(&sorting, numbers[i], &need))
			return NULL;
	}
	return finish(&sorting, lane_count);
}
