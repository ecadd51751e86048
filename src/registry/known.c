/*
 * Of these lists there may be thousands with a hundred thousand tags, so a list that is kept is one
 * block of records, digests in binary, and is freed once all its digests were taken.
 */
#include "registry/known.h"

#include "base/map.h"
#include "oci/companion.h"
#include "oci/digest.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 32, LISTS_BYTES_MAX = 32 * 1024 * 1024 };

#define HASH_PREFIX "sha256:"

enum known_state { BARE, LISTED, ABSENT, TAKEN };

/* A tag, of bytes alone, so that records follow each other without gaps. */
struct record {
	unsigned char state;
	unsigned char pushed[4]; /* a uint32_t */
	unsigned char hash[HASH_SIZE];
	char tag[];
};

struct known_list {
	struct arena *arena; /* of the list itself, and of all that is kept */
	struct map seen;     /* tag -> anything; while it is being collected */
	struct buf records;  /* the same */
	size_t count;
	size_t left; /* digests not taken */
	struct known_trust trust;
	const char *first;   /* the records; once the list is kept */
	const char **sorted; /* the tags of the records; once the list is kept */
	size_t bytes;        /* that the list takes then */
	struct map absent;   /* tags that were asked for, and are none */
};

struct known {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the members below */
	struct map lists;     /* repository -> struct known_list */
	size_t bytes;         /* of all of them */
};

struct known *known_new(void)
{
	struct arena *arena = arena_new();
	struct known *known = arena ? arena_new_of(arena, struct known) : NULL;
	if (!known) {
		arena_free(&arena);
		return NULL;
	}
	known->arena = arena;
	pthread_mutex_init(&known->lock, NULL);
	return known;
}

void known_free(struct known **known)
{
	if (!*known)
		return;
	struct arena *arena = (*known)->arena;
	for (size_t i = 0; i < (*known)->lists.count; i++) {
		struct known_list *list = (*known)->lists.entries[i].value;
		known_list_free(&list);
	}
	map_finish(&(*known)->lists);
	pthread_mutex_destroy(&(*known)->lock);
	*known = NULL;
	arena_free(&arena);
}

/* --- collecting ----------------------------------------------------------------------------- */

struct known_list *known_list_new(void)
{
	struct arena *arena = arena_new_small();
	struct known_list *list = arena ? arena_new_of(arena, struct known_list) : NULL;
	if (list)
		list->arena = arena;
	else
		arena_free(&arena);
	return list;
}

void known_list_free(struct known_list **list)
{
	if (!*list)
		return;
	struct arena *arena = (*list)->arena;
	map_finish(&(*list)->seen);
	map_finish(&(*list)->absent);
	buf_finish(&(*list)->records);
	*list = NULL;
	arena_free(&arena);
}

/* Reads a digest of the algorithm that registries use; others are asked for. */
static bool read_hash(struct str digest, unsigned char hash[HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	if (!digest_valid(digest) || !str_starts(digest, HASH_PREFIX))
		return false;
	struct str hex = str_from(digest, sizeof(HASH_PREFIX) - 1);
	for (size_t i = 0; i < HASH_SIZE; i++)
		hash[i] = (unsigned char)((strchr(digits, hex.at[2 * i]) - digits) * 16 +
					  (strchr(digits, hex.at[2 * i + 1]) - digits));
	return true;
}

static const char *write_hash(struct arena *arena, const unsigned char hash[HASH_SIZE])
{
	scoped(buf_finish) struct buf text = {0};
	buf_add_string(&text, HASH_PREFIX);
	for (size_t i = 0; i < HASH_SIZE; i++)
		buf_printf(&text, "%02x", hash[i]);
	return buf_ok(&text) ? arena_string(arena, text.at) : NULL;
}

bool known_list_add(struct known_list *list, const struct known_tag *tag)
{
	struct record record = {0};
	uint32_t pushed = tag->pushed > 0 && tag->pushed < UINT32_MAX ? (uint32_t)tag->pushed : 0;
	if (map_get(&list->seen, tag->tag))
		return true;
	if (tag->absent)
		record.state = ABSENT;
	else
		record.state = read_hash(tag->digest, record.hash) ? LISTED : BARE;
	memcpy(record.pushed, &pushed, sizeof(record.pushed));
	buf_add(&list->records, &record, sizeof(record));
	buf_add_str(&list->records, tag->tag);
	buf_add_char(&list->records, '\0');
	if (!buf_ok(&list->records) || !map_put(&list->seen, tag->tag, list))
		return false;
	list->count++;
	list->left += record.state == LISTED;
	return true;
}

size_t known_list_count(const struct known_list *list)
{
	return list->count;
}

bool known_list_says(const struct known_list *list)
{
	return list->left > 0;
}

/* Sets tags to those of all records from at on, in order. */
static void find_tags(const struct known_list *list, const char *at, const char **tags)
{
	for (size_t i = 0; i < list->count; i++) {
		tags[i] = at + sizeof(struct record);
		at = tags[i] + strlen(tags[i]) + 1;
	}
}

/* The first record. */
static const char *first_of(const struct known_list *list)
{
	return list->first ? list->first : list->records.at;
}

const char **known_list_tags(const struct known_list *list, struct arena *arena)
{
	const char **tags = arena_array(arena, list->count + 1, sizeof(*tags));
	if (tags)
		find_tags(list, first_of(list), tags);
	for (size_t i = 0; tags && i < list->count; i++) {
		tags[i] = arena_string(arena, tags[i]);
		if (!tags[i])
			return NULL;
	}
	return tags;
}

/* --- keeping -------------------------------------------------------------------------------- */

static int compare_tags(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Brings a list that was collected into the form in which it is kept. False without memory. */
static bool seal(struct known_list *list)
{
	list->first = arena_copy(list->arena, list->records.at, list->records.len);
	list->sorted = arena_array(list->arena, list->count + 1, sizeof(*list->sorted));
	if (!list->first || !list->sorted)
		return false;
	list->bytes = list->records.len + list->count * sizeof(*list->sorted);
	map_finish(&list->seen);
	buf_finish(&list->records);
	find_tags(list, list->first, list->sorted);
	qsort(list->sorted, list->count, sizeof(*list->sorted), compare_tags);
	return true;
}

static struct record *find(const struct known_list *list, const char *tag)
{
	const char *const *found = list->count ? bsearch(&tag, list->sorted, list->count,
							 sizeof(*list->sorted), compare_tags)
					       : NULL;
	return found ? (struct record *)((uintptr_t)*found - sizeof(struct record)) : NULL;
}

static bool key_of(const struct repository *repository, struct buf *key)
{
	buf_printf(key, "%p %s", (const void *)repository->access.host, repository->name);
	return buf_ok(key);
}

/* The list of repository, with the lock held until release(); or NULL, without. */
static struct known_list *hold(const struct repository *repository)
{
	scoped(buf_finish) struct buf key = {0};
	struct known *known = repository->access.registry->known;
	if (!key_of(repository, &key))
		return NULL;
	pthread_mutex_lock(&known->lock);
	struct known_list *list = map_get(&known->lists, buf_str(&key));
	if (!list)
		pthread_mutex_unlock(&known->lock);
	return list;
}

static void release(const struct repository *repository)
{
	pthread_mutex_unlock(&repository->access.registry->known->lock);
}

void known_keep(const struct repository *repository, struct known_list **list,
		struct known_trust trust)
{
	scoped(buf_finish) struct buf key = {0};
	struct known *known = repository->access.registry->known;
	(*list)->trust = trust;
	if (seal(*list) && key_of(repository, &key)) {
		size_t bytes = (*list)->bytes;
		pthread_mutex_lock(&known->lock);
		struct known_list *older = map_get(&known->lists, buf_str(&key));
		if (known->bytes + bytes <= LISTS_BYTES_MAX &&
		    map_put(&known->lists, buf_str(&key), *list)) {
			known->bytes += bytes - (older ? older->bytes : 0);
			*list = older;
		}
		pthread_mutex_unlock(&known->lock);
	}
	known_list_free(list);
}

/* --- asking --------------------------------------------------------------------------------- */

bool known_tags(const struct repository *repository, struct arena *arena, const char *const **tags,
		size_t *count)
{
	struct known_list *list = hold(repository);
	if (!list)
		return false;
	*tags = NULL;
	if (list->trust.ahead && list->trust.complete)
		*tags = known_list_tags(list, arena);
	*count = list->count;
	list->trust.ahead = false;
	release(repository);
	return *tags != NULL;
}

int64_t known_pushed(const struct repository *repository, const char *tag)
{
	uint32_t pushed = 0;
	struct known_list *list = hold(repository);
	if (!list)
		return 0;
	const struct record *record = find(list, tag);
	if (record)
		memcpy(&pushed, record->pushed, sizeof(pushed));
	release(repository);
	return pushed;
}

int64_t known_pushed_as(const struct repository *repository, const char *tag, const char *digest)
{
	uint32_t pushed = 0;
	unsigned char hash[HASH_SIZE];
	struct known_list *list = read_hash(str_of(digest), hash) ? hold(repository) : NULL;
	if (!list)
		return 0;
	const struct record *record = find(list, tag);
	bool same = record && (record->state == LISTED || record->state == TAKEN) &&
		    memcmp(record->hash, hash, HASH_SIZE) == 0;
	if (same)
		memcpy(&pushed, record->pushed, sizeof(pushed));
	release(repository);
	return pushed;
}

bool known_complete(const struct repository *repository)
{
	const struct known_list *list = hold(repository);
	if (!list)
		return false;
	bool complete = list->trust.complete;
	release(repository);
	return complete;
}

/* Caller holds the lock. */
static void forget(const struct repository *repository, struct known_list *list)
{
	scoped(buf_finish) struct buf key = {0};
	struct known *known = repository->access.registry->known;
	if (!key_of(repository, &key) || !map_put(&known->lists, buf_str(&key), NULL))
		return;
	known->bytes -= list->bytes;
	known_list_free(&list);
}

/* Some lists have no signatures. Caller holds the lock. */
static enum known_answer take_absent(struct known_list *list, const char *tag)
{
	bool asked = companion_is_tag(str_of(tag)) || map_get(&list->absent, str_of(tag)) != NULL;
	bool proof = list->trust.complete && !list->trust.dated && !list->trust.picky;
	return proof && !asked && map_put(&list->absent, str_of(tag), list) ? KNOWN_ABSENT
									    : KNOWN_NOTHING;
}

/* Caller holds the lock. */
static enum known_answer take(struct known_list *list, struct arena *arena, const char *tag,
			      const char **digest)
{
	struct record *record = find(list, tag);
	if (!record)
		return take_absent(list, tag);
	enum known_state state = record->state;
	if (state == BARE || state == TAKEN)
		return KNOWN_NOTHING;
	if (state == LISTED && !(*digest = write_hash(arena, record->hash)))
		return KNOWN_NOTHING;
	record->state = TAKEN;
	list->left -= state == LISTED;
	return state == LISTED ? KNOWN_DIGEST : KNOWN_ABSENT;
}

enum known_answer known_take(const struct repository *repository, struct arena *arena,
			     const char *tag, const char **digest, bool *dated)
{
	struct known_list *list = hold(repository);
	if (!list)
		return KNOWN_NOTHING;
	enum known_answer answer = KNOWN_NOTHING;
	*dated = list->trust.dated;
	/* What a target holds is not judged by an old list, which another rule read as a source. */
	if (!repository->access.target || !*dated)
		answer = take(list, arena, tag, digest);
	/* A target may still be asked for tags that it does not have. */
	bool kept = repository->access.registry->options.keep_lists;
	if (answer == KNOWN_DIGEST && !list->left && !repository->access.target && !kept)
		forget(repository, list);
	release(repository);
	return answer;
}
