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

static struct pair_lane *find_entry(struct sorting *sorting, size_t number, lanes_hosts *hosts,
				    void *ctx)
{
	const char *names[POOL_PARTIES] = {NULL};
	hosts(ctx, number, names);
	return entry_of(sorting, names);
}

static const struct pool_lane *finish(struct sorting *sorting, size_t *lane_count)
{
	size_t count = sorting->lanes.count;
	struct pool_lane *lanes = arena_array(sorting->arena, count + 1, sizeof(*lanes));
	for (size_t i = 0; lanes && i < count; i++) {
		const struct pair_lane *entry = sorting->lanes.entries[i].value;
		lanes[i] = entry->lane;
		lanes[i].numbers = entry->numbers;
	}
	*lane_count = count;
	return lanes;
}

const struct pool_lane *lanes_build(struct arena *arena, const size_t *numbers, size_t count,
				    lanes_hosts *hosts, void *ctx, size_t *lane_count)
{
	scoped(sorting_finish) struct sorting sorting = {.arena = arena};
	for (size_t i = 0; i < count; i++) {
		struct pair_lane *entry = find_entry(&sorting, numbers[i], hosts, ctx);
		if (!entry)
			return NULL;
		entry->lane.n++;
	}
	for (size_t i = 0; i < count; i++) {
		struct pair_lane *entry = find_entry(&sorting, numbers[i], hosts, ctx);
		if (entry && !entry->numbers)
			entry->numbers = arena_array(arena, entry->lane.n, sizeof(size_t));
		if (!entry || !entry->numbers)
			return NULL;
		entry->numbers[entry->dealt++] = numbers[i];
	}
	return finish(&sorting, lane_count);
}
