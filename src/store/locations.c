/* There may be as many entries as blobs were moved, so an entry is no more than its key. */
#include "store/locations.h"

#include <pthread.h>
#include <string.h>

struct locations {
	struct arena *arena;
	pthread_mutex_t lock;
	struct map paths; /* party and digest -> path */
};

/* The address of a party and the bytes of a digest. */
struct location_key {
	char text[sizeof(void *) + DIGEST_TEXT_SIZE];
};

/* The value of a hexadecimal digit; digests have no others. */
static unsigned nibble(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10) & 15;
}

struct locations *locations_new(void)
{
	struct arena *arena = arena_new();
	struct locations *locations = arena ? arena_new_of(arena, struct locations) : NULL;
	if (!locations) {
		arena_free(&arena);
		return NULL;
	}
	locations->arena = arena;
	pthread_mutex_init(&locations->lock, NULL);
	return locations;
}

void locations_free(struct locations **locations)
{
	if (!*locations)
		return;
	struct arena *arena = (*locations)->arena;
	map_finish(&(*locations)->paths);
	pthread_mutex_destroy(&(*locations)->lock);
	*locations = NULL;
	arena_free(&arena);
}

/* Algorithms differ in the length of their digests, so the hexadecimal part is enough. */
static struct str key_of(const struct store *store, const char *digest, struct location_key *key)
{
	const char *hex = strchr(digest, ':') + 1;
	size_t len = sizeof(store->party);
	memcpy(key->text, &store->party, len);
	for (; hex[0] && hex[1] && len < sizeof(key->text); hex += 2)
		key->text[len++] = (char)(nibble(hex[0]) << 4 | nibble(hex[1]));
	return (struct str){key->text, len};
}

void locations_record(struct locations *locations, const struct store *store, const char *digest)
{
	struct location_key key;
	struct str name = key_of(store, digest, &key);
	pthread_mutex_lock(&locations->lock);
	if (!map_get(&locations->paths, name))
		(void)map_put(&locations->paths, name, (void *)(uintptr_t)store->path);
	pthread_mutex_unlock(&locations->lock);
}

const char *locations_find(struct locations *locations, const struct store *store,
			   const struct store *source, const char *digest)
{
	struct location_key key;
	struct str name = key_of(store, digest, &key);
	pthread_mutex_lock(&locations->lock);
	const char *path = map_get(&locations->paths, name);
	pthread_mutex_unlock(&locations->lock);
	return !path && source && store_shares(source, store) ? source->path : path;
}
