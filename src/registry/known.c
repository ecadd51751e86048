/* An entry that was taken stays as an empty text: the tag is known to have been in the list. */
#include "registry/known.h"

#include "base/map.h"
#include "registry/host.h"
#include "registry/registry_private.h"

#include <pthread.h>

struct known_list {
	struct arena *arena;
	struct map digests; /* tag -> text, "" when it was taken */
};

struct known {
	struct arena *arena;
	pthread_mutex_t lock; /* guards lists */
	struct map lists;     /* repository -> struct known_list */
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

struct known_list *known_list_new(void)
{
	struct arena *arena = arena_new();
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
	map_finish(&(*list)->digests);
	*list = NULL;
	arena_free(&arena);
}

bool known_list_add(struct known_list *list, struct str tag, struct str digest)
{
	char *copy = arena_copy(list->arena, digest.at, digest.len);
	return copy && map_put(&list->digests, tag, copy);
}

bool known_list_has(const struct known_list *list, struct str tag)
{
	return map_get(&list->digests, tag) != NULL;
}

static bool key_of(const struct repository *repository, struct buf *key)
{
	buf_printf(key, "%p %s", (const void *)repository->access.host, repository->name);
	return buf_ok(key);
}

void known_keep(const struct repository *repository, struct known_list **list)
{
	scoped(buf_finish) struct buf key = {0};
	struct known *known = repository->access.registry->known;
	if (key_of(repository, &key)) {
		pthread_mutex_lock(&known->lock);
		struct known_list *older = map_get(&known->lists, buf_str(&key));
		if (map_put(&known->lists, buf_str(&key), *list))
			*list = older;
		pthread_mutex_unlock(&known->lock);
	}
	known_list_free(list);
}

/* Caller holds the lock. */
static enum known_answer take(struct known_list *list, struct arena *arena, const char *tag,
			      const char **digest)
{
	static char taken[] = "";
	const char *held = map_get(&list->digests, str_of(tag));
	if (held && !*held)
		return KNOWN_NOTHING;
	*digest = held ? arena_string(arena, held) : NULL;
	if ((held && !*digest) || !map_put(&list->digests, str_of(tag), taken))
		return KNOWN_NOTHING;
	return held ? KNOWN_DIGEST : KNOWN_ABSENT;
}

enum known_answer known_take(const struct repository *repository, struct arena *arena,
			     const char *tag, const char **digest)
{
	scoped(buf_finish) struct buf key = {0};
	struct known *known = repository->access.registry->known;
	enum known_answer answer = KNOWN_NOTHING;
	if (!key_of(repository, &key))
		return KNOWN_NOTHING;
	pthread_mutex_lock(&known->lock);
	struct known_list *list = map_get(&known->lists, buf_str(&key));
	if (list)
		answer = take(list, arena, tag, digest);
	pthread_mutex_unlock(&known->lock);
	return answer;
}
