/* One set of texts for all hosts: a run learns a handful and looks them up for each image. */
#include "registry/facts.h"

#include "base/map.h"
#include "registry/registry_private.h"

#include <pthread.h>

struct facts {
	struct arena *arena;
	pthread_mutex_t lock; /* guards known */
	struct map known;
};

struct facts *facts_new(void)
{
	struct arena *arena = arena_new();
	struct facts *facts = arena ? arena_new_of(arena, struct facts) : NULL;
	if (!facts) {
		arena_free(&arena);
		return NULL;
	}
	facts->arena = arena;
	pthread_mutex_init(&facts->lock, NULL);
	return facts;
}

void facts_free(struct facts **facts)
{
	if (!*facts)
		return;
	struct arena *arena = (*facts)->arena;
	map_finish(&(*facts)->known);
	pthread_mutex_destroy(&(*facts)->lock);
	*facts = NULL;
	arena_free(&arena);
}

static bool print_key(const struct access *access, enum fact fact, const char *subject,
		      struct buf *out)
{
	buf_printf(out, "%p %p %d %s", (const void *)access->host, (const void *)access->credential,
		   (int)fact, subject);
	return buf_ok(out);
}

void facts_learn(const struct access *access, enum fact fact, const char *subject)
{
	struct facts *facts = access->registry->facts;
	scoped(buf_finish) struct buf key = {0};
	if (!print_key(access, fact, subject, &key))
		return;
	pthread_mutex_lock(&facts->lock);
	map_put(&facts->known, buf_str(&key), facts);
	pthread_mutex_unlock(&facts->lock);
}

bool facts_hold(const struct access *access, enum fact fact, const char *subject)
{
	struct facts *facts = access->registry->facts;
	scoped(buf_finish) struct buf key = {0};
	if (!print_key(access, fact, subject, &key))
		return false;
	pthread_mutex_lock(&facts->lock);
	bool known = map_get(&facts->known, buf_str(&key)) != NULL;
	pthread_mutex_unlock(&facts->lock);
	return known;
}
