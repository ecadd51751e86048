/*
 * The members are "hints": {KEY: {"source", "destination", "seen"}} and "manifests": {DIGEST:
 * {"parts", "seen"}}. A key is all that a pair of digests depends on: both references and the
 * terms. No reference contains a space.
 *
 * When a hint was met is stored once a day: a run in which nothing happens has nothing to store.
 */
#include "state/hints.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/secret.h"
#include "doc/json_writer.h"
#include "doc/node.h"
#include "oci/digest.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { DAY = 24 * 60 * 60 };

struct pair {
	const char *source, *destination; /* digests; destination may be NULL */
	int64_t seen;
};

/* What is inside a manifest. */
struct parts {
	const char **digests;
	size_t count;
	int64_t seen;
};

struct hints {
	struct arena *arena;  /* what is in the maps */
	struct map pairs;     /* key -> struct pair */
	struct map manifests; /* digest -> struct parts, which do not change but for the time */
	size_t part_count;    /* in all manifests together */
	uint64_t changes;     /* so far */
	pthread_mutex_t lock;
};

struct hints *hints_new(void)
{
	struct arena *arena = arena_new();
	struct hints *hints = arena ? arena_new_of(arena, struct hints) : NULL;
	if (!hints) {
		arena_free(&arena);
		return NULL;
	}
	hints->arena = arena;
	pthread_mutex_init(&hints->lock, NULL);
	return hints;
}

void hints_free(struct hints **hints)
{
	if (!*hints)
		return;
	struct arena *arena = (*hints)->arena;
	map_finish(&(*hints)->pairs);
	map_finish(&(*hints)->manifests);
	pthread_mutex_destroy(&(*hints)->lock);
	arena_free(&arena);
	*hints = NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void print_key(const struct hint *hint, struct buf *out)
{
	buf_printf(out, "%s %s %s", hint->source, hint->destination, hint->terms);
}

/* Sets when something was met, if that was on another day. */
static void touch(struct hints *hints, int64_t *seen, int64_t now)
{
	if (now - *seen < DAY)
		return;
	*seen = now;
	hints->changes++;
}

/* Sets the pair of a key. False without memory. */
static bool put(struct hints *hints, struct str key, const struct pair *given)
{
	struct pair *pair = map_get(&hints->pairs, key);
	if (pair && same_text(pair->source, given->source) &&
	    same_text(pair->destination, given->destination)) {
		touch(hints, &pair->seen, given->seen);
		return true;
	}
	if (!pair && hints->pairs.count >= HINTS_MAX)
		return true;
	hints->changes++;
	pair = arena_new_of(hints->arena, struct pair);
	if (!pair)
		return false;
	*pair = (struct pair){.source = arena_string(hints->arena, given->source),
			      .seen = given->seen};
	if (given->destination)
		pair->destination = arena_string(hints->arena, given->destination);
	return pair->source && !pair->destination == !given->destination &&
	       map_put(&hints->pairs, key, pair);
}

/* True when there is room for a manifest with count parts. */
static bool fits(const struct hints *hints, size_t count)
{
	return hints->manifests.count < HINTS_MAX && count <= HINTS_PARTS_MAX - hints->part_count;
}

/* Parts to be filled in; NULL without memory. */
static struct parts *new_parts(struct hints *hints, size_t count, int64_t seen)
{
	struct parts *parts = arena_new_of(hints->arena, struct parts);
	const char **digests = arena_array(hints->arena, count, sizeof(*digests));
	if (!parts || !digests)
		return NULL;
	*parts = (struct parts){digests, count, seen};
	return parts;
}

/* The caller counts the change, if it is one. */
static bool put_parts(struct hints *hints, struct str digest, struct parts *parts)
{
	if (!map_put(&hints->manifests, digest, parts))
		return false;
	hints->part_count += parts->count;
	return true;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool damaged(const struct node *at, const char *what, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%d:%d: %s", at->line, at->column, what);
}

/* Reads when a hint was met. *old: too long ago. */
static bool take_time(const struct node *value, int64_t now, int64_t *seen, bool *old,
		      struct error *err)
{
	if (!node_int64(node_get(value, "seen"), seen))
		return damaged(value, "expected the time when this was seen", err);
	*old = now - *seen > (int64_t)HINTS_DAYS * DAY;
	/* The clock was wrong at that time: such a hint would never expire. */
	if (*seen > now)
		*seen = now;
	return true;
}

static bool take_pair(struct hints *hints, struct str key, const struct node *value, int64_t now,
		      struct error *err)
{
	const struct node *destination = node_get(value, "destination");
	struct str from = node_string(node_get(value, "source")), to = node_string(destination);
	struct pair pair = {0};
	char digests[2][DIGEST_TEXT_SIZE];
	bool nothing = destination && destination->kind == NODE_NULL, old = false;
	if (!digest_valid(from) || (!nothing && !digest_valid(to)))
		return damaged(value, "expected the digests of a source and a destination", err);
	if (!take_time(value, now, &pair.seen, &old, err))
		return false;
	snprintf(digests[0], sizeof(digests[0]), "%.*s", STR_ARGS(from));
	snprintf(digests[1], sizeof(digests[1]), "%.*s", STR_ARGS(to));
	pair.source = digests[0];
	pair.destination = nothing ? NULL : digests[1];
	return old || put(hints, key, &pair) || error_memory(err);
}

static bool take_parts(struct hints *hints, struct str key, const struct node *value, int64_t now,
		       struct error *err)
{
	const struct node *list = node_get(value, "parts");
	int64_t seen = 0;
	bool old = false;
	if (!digest_valid(key) || !list || list->kind != NODE_LIST)
		return damaged(value, "expected the parts of a manifest", err);
	for (size_t i = 0; i < list->count; i++)
		if (!digest_valid(node_string(list->items[i])))
			return damaged(list->items[i], "expected the digest of a manifest", err);
	if (!take_time(value, now, &seen, &old, err))
		return false;
	if (old || !fits(hints, list->count))
		return true;
	struct parts *parts = new_parts(hints, list->count, seen);
	for (size_t i = 0; parts && i < list->count; i++) {
		struct str digest = list->items[i]->text;
		parts->digests[i] = arena_copy(hints->arena, digest.at, digest.len);
		if (!parts->digests[i])
			parts = NULL;
	}
	return (parts && put_parts(hints, key, parts)) || error_memory(err);
}

/* Takes one hint from key and value. */
typedef bool taker(struct hints *hints, struct str key, const struct node *value, int64_t now,
		   struct error *err);

static bool take_all(struct hints *hints, const struct node *list, taker *take, int64_t now,
		     struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (!take(hints, list->keys[i]->text, list->items[i], now, err))
			return false;
	return true;
}

static bool take_members(struct hints *hints, const struct node *root, int64_t now,
			 struct error *err)
{
	const struct node *pairs = node_get(root, "hints");
	const struct node *manifests = node_get(root, "manifests");
	if (!pairs || pairs->kind != NODE_MAP || !manifests || manifests->kind != NODE_MAP)
		return damaged(root, "expected a mapping of hints and one of manifests", err);
	return take_all(hints, pairs, take_pair, now, err) &&
	       take_all(hints, manifests, take_parts, now, err);
}

bool hints_read(struct hints *hints, const struct node *root, int64_t now, struct error *err)
{
	bool ok = take_members(hints, root, now, err);
	hints->changes = 0;
	if (ok)
		return true;
	map_finish(&hints->pairs);
	map_finish(&hints->manifests);
	hints->part_count = 0;
	return false;
}

/* The later one of two pairs counts. */
static bool absorb_pair(struct hints *hints, const struct map_entry *entry)
{
	const struct str key = {entry->key, entry->len};
	const struct pair *ours = map_get(&hints->pairs, key), *theirs = entry->value;
	return (ours && ours->seen >= theirs->seen) || put(hints, key, theirs);
}

static bool absorb_parts(struct hints *hints, const struct map_entry *entry)
{
	const struct str key = {entry->key, entry->len};
	const struct parts *theirs = entry->value;
	struct parts *ours = map_get(&hints->manifests, key);
	if (ours && ours->seen < theirs->seen)
		ours->seen = theirs->seen;
	if (ours || !fits(hints, theirs->count))
		return true;
	ours = new_parts(hints, theirs->count, theirs->seen);
	for (size_t i = 0; ours && i < theirs->count; i++) {
		ours->digests[i] = arena_string(hints->arena, theirs->digests[i]);
		if (!ours->digests[i])
			ours = NULL;
	}
	return ours && put_parts(hints, key, ours);
}

bool hints_absorb(struct hints *hints, const struct hints *from)
{
	bool ok = true;
	pthread_mutex_lock(&hints->lock);
	uint64_t changes = hints->changes;
	for (size_t i = 0; ok && i < from->pairs.count; i++)
		ok = absorb_pair(hints, &from->pairs.entries[i]);
	for (size_t i = 0; ok && i < from->manifests.count; i++)
		ok = absorb_parts(hints, &from->manifests.entries[i]);
	hints->changes = changes;
	pthread_mutex_unlock(&hints->lock);
	return ok;
}

/* --- using ---------------------------------------------------------------------------------- */

bool hints_confirm(struct hints *hints, const struct hint *hint)
{
	scoped(buf_finish) struct buf key = {0};
	print_key(hint, &key);
	if (!buf_ok(&key))
		return false;
	pthread_mutex_lock(&hints->lock);
	const struct pair *pair = map_get(&hints->pairs, buf_str(&key));
	bool same = pair && same_text(pair->source, hint->source_digest) &&
		    same_text(pair->destination, hint->destination_digest);
	pthread_mutex_unlock(&hints->lock);
	return same;
}

void hints_record(struct hints *hints, const struct hint *hint, int64_t now)
{
	scoped(buf_finish) struct buf key = {0};
	const struct pair pair = {hint->source_digest, hint->destination_digest, now};
	print_key(hint, &key);
	if (!buf_ok(&key))
		return;
	pthread_mutex_lock(&hints->lock);
	(void)put(hints, buf_str(&key), &pair);
	pthread_mutex_unlock(&hints->lock);
}

bool hints_find_parts(struct hints *hints, const char *digest, int64_t now,
		      const char *const **parts, size_t *count)
{
	pthread_mutex_lock(&hints->lock);
	struct parts *found = map_get(&hints->manifests, str_of(digest));
	if (found) {
		touch(hints, &found->seen, now);
		*parts = found->digests;
		*count = found->count;
	}
	pthread_mutex_unlock(&hints->lock);
	return found;
}

/* Caller holds the lock. */
static void add_parts(struct hints *hints, const char *digest, const char *const *parts,
		      size_t count, int64_t now)
{
	struct parts *found = map_get(&hints->manifests, str_of(digest));
	if (found)
		touch(hints, &found->seen, now);
	if (found || !fits(hints, count))
		return;
	found = new_parts(hints, count, now);
	for (size_t i = 0; found && i < count; i++) {
		found->digests[i] = arena_string(hints->arena, parts[i]);
		if (!found->digests[i])
			return;
	}
	if (found && put_parts(hints, str_of(digest), found))
		hints->changes++;
}

void hints_record_parts(struct hints *hints, const char *digest, const char *const *parts,
			size_t count, int64_t now)
{
	pthread_mutex_lock(&hints->lock);
	add_parts(hints, digest, parts, count, now);
	pthread_mutex_unlock(&hints->lock);
}

/* --- writing -------------------------------------------------------------------------------- */

bool hints_name_secret(struct str name, struct buf *out)
{
	scoped(buf_finish) struct buf masked = {0};
	secret_mask(name, &masked);
	out->failed |= !buf_ok(&masked);
	return !buf_ok(&masked) || !str_equal(buf_str(&masked), name);
}

static void write_pair(struct json_writer *json, const struct map_entry *entry)
{
	const struct pair *pair = entry->value;
	if (hints_name_secret((struct str){entry->key, entry->len}, json->out))
		return;
	json_writer_name(json, entry->key);
	json_writer_open_object(json);
	json_writer_name(json, "source");
	json_writer_string(json, pair->source);
	json_writer_name(json, "destination");
	json_writer_string(json, pair->destination);
	json_writer_name(json, "seen");
	json_writer_int(json, pair->seen);
	json_writer_close_object(json);
}

static void write_parts(struct json_writer *json, const struct map_entry *entry)
{
	const struct parts *parts = entry->value;
	json_writer_name(json, entry->key);
	json_writer_open_object(json);
	json_writer_name(json, "parts");
	json_writer_open_list(json);
	for (size_t i = 0; i < parts->count; i++)
		json_writer_string(json, parts->digests[i]);
	json_writer_close_list(json);
	json_writer_name(json, "seen");
	json_writer_int(json, parts->seen);
	json_writer_close_object(json);
}

void hints_write_map(struct json_writer *json, const char *name, const struct map *map,
		     void (*write)(struct json_writer *json, const struct map_entry *entry))
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct map_entry **sorted = arena ? map_sorted(map, arena) : NULL;
	json->out->failed |= !sorted;
	json_writer_name(json, name);
	json_writer_open_object(json);
	for (size_t i = 0; sorted && i < map->count; i++)
		write(json, sorted[i]);
	json_writer_close_object(json);
}

void hints_write(struct hints *hints, struct json_writer *json)
{
	pthread_mutex_lock(&hints->lock);
	hints_write_map(json, "hints", &hints->pairs, write_pair);
	hints_write_map(json, "manifests", &hints->manifests, write_parts);
	pthread_mutex_unlock(&hints->lock);
}

uint64_t hints_changes(struct hints *hints)
{
	pthread_mutex_lock(&hints->lock);
	uint64_t changes = hints->changes;
	pthread_mutex_unlock(&hints->lock);
	return changes;
}
