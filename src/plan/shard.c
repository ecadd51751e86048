/*
 * Rendezvous hashing with bounded load. Every repository prefers the parts in an order of its own,
 * given by hashes, and gets the first one with room. The repositories choose in the order of their
 * hashes, so that a new one displaces nobody until a part is full, and then only few.
 *
 * The hashes must not change from release to release: jobs of different versions would leave images
 * out.
 */
#include "plan/shard.h"

#include "base/arena.h"
#include "base/map.h"

#include <stdlib.h>

struct shard_repository {
	uint64_t hash;
	unsigned part;
};

/* FNV-1a. */
static uint64_t hash_text(struct str text)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash;
}

/* The finalizer of splitmix64: every bit of the input reaches every bit of the result. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

static int by_hash(const void *a, const void *b)
{
	uint64_t left = (*(struct shard_repository *const *)a)->hash;
	uint64_t right = (*(struct shard_repository *const *)b)->hash;
	return (left > right) - (left < right);
}

static unsigned choose(const struct shard_repository *repository, const size_t *load, size_t room,
		       unsigned count)
{
	uint64_t best = 0;
	unsigned chosen = 0;
	for (unsigned part = 0; part < count; part++) {
		uint64_t score = mix(repository->hash + 0x9e3779b97f4a7c15 * (part + 1));
		if (load[part] < room && score >= best) {
			best = score;
			chosen = part;
		}
	}
	return chosen;
}

static bool repository_key(const struct plan_rule *rule, struct buf *key)
{
	const struct reference *name = rule->destination.name;
	buf_reset(key);
	buf_printf(key, "%s/%s", name->host, name->repository);
	return buf_ok(key);
}

/* The repositories that the rules write to, each once. */
static bool collect(struct arena *arena, const struct plan_rule *rules, size_t rule_count,
		    struct map *out)
{
	scoped(buf_finish) struct buf key = {0};
	for (size_t i = 0; i < rule_count; i++) {
		if (!repository_key(&rules[i], &key))
			return false;
		if (map_get(out, buf_str(&key)))
			continue;
		struct shard_repository *repository = arena_new_of(arena, struct shard_repository);
		if (!repository || !map_put(out, buf_str(&key), repository))
			return false;
		repository->hash = mix(hash_text(buf_str(&key)));
	}
	return true;
}

static bool distribute(struct arena *arena, const struct map *repositories, unsigned count)
{
	size_t n = repositories->count;
	struct shard_repository **order = arena_array(arena, n + 1, sizeof(*order));
	size_t *load = arena_array(arena, count, sizeof(*load));
	/* A quarter over its share, rounded up. */
	size_t room = (5 * n + 4 * (size_t)count - 1) / (4 * (size_t)count);
	if (!order || !load)
		return false;
	for (size_t i = 0; i < n; i++)
		order[i] = repositories->entries[i].value;
	qsort(order, n, sizeof(struct shard_repository *), by_hash);
	for (size_t i = 0; i < n; i++) {
		order[i]->part = choose(order[i], load, room, count);
		load[order[i]->part]++;
	}
	return true;
}

bool shard_select(struct plan_rule *rules, size_t *rule_count, unsigned index, unsigned count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(map_finish) struct map repositories = {0};
	scoped(buf_finish) struct buf key = {0};
	size_t kept = 0;
	if (!arena || !collect(arena, rules, *rule_count, &repositories) ||
	    !distribute(arena, &repositories, count))
		return false;
	for (size_t i = 0; i < *rule_count; i++) {
		if (!repository_key(&rules[i], &key))
			return false;
		const struct shard_repository *repository = map_get(&repositories, buf_str(&key));
		if (repository->part == index)
			rules[kept++] = rules[i];
	}
	*rule_count = kept;
	return true;
}
