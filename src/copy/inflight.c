/* One mutex and one condition for all keys: claims are rare compared to the transfers they save. */
#include "copy/inflight.h"

#include "base/arena.h"
#include "base/map.h"

#include <pthread.h>

struct entry {
	bool leading;
	const char *place; /* NULL until done */
	unsigned failures;
	const void *origin;    /* of the lead that failed last */
	struct error *failure; /* why */
};

struct inflight {
	struct arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map entries;
};

struct inflight *inflight_new(void)
{
	struct arena *arena = arena_new();
	struct inflight *inflight = arena ? arena_new_of(arena, struct inflight) : NULL;
	if (!inflight) {
		arena_free(&arena);
		return NULL;
	}
	inflight->arena = arena;
	pthread_mutex_init(&inflight->lock, NULL);
	pthread_cond_init(&inflight->changed, NULL);
	return inflight;
}

void inflight_free(struct inflight **inflight)
{
	if (!*inflight)
		return;
	struct arena *arena = (*inflight)->arena;
	map_finish(&(*inflight)->entries);
	pthread_cond_destroy(&(*inflight)->changed);
	pthread_mutex_destroy(&(*inflight)->lock);
	*inflight = NULL;
	arena_free(&arena);
}

/* Called locked. */
static struct entry *entry_of(struct inflight *inflight, struct str key)
{
	struct entry *entry = map_get(&inflight->entries, key);
	if (entry)
		return entry;
	entry = arena_new_of(inflight->arena, struct entry);
	return entry && map_put(&inflight->entries, key, entry) ? entry : NULL;
}

/* Trouble of a host, as opposed to what concerns one repository, one login or one's own memory. */
static bool concerns_host(const struct error *failure)
{
	return failure->exhausted && failure->http_status != 401 &&
	       (failure->kind == ERROR_LIMITED || failure->kind == ERROR_UNAVAILABLE ||
		failure->kind == ERROR_NETWORK || failure->kind == ERROR_UNREACHABLE);
}

/* True when the failure that ended the wait would be the waiter's as well. */
static bool shares_failure(const struct entry *entry, unsigned failures, const void *origin)
{
	return entry->failures != failures && entry->origin == origin && entry->failure &&
	       concerns_host(entry->failure);
}

enum inflight_role inflight_claim(struct inflight *inflight, struct str key, const void *origin,
				  const char **place, struct error *err)
{
	enum inflight_role role = INFLIGHT_LEADS;
	*place = NULL;
	pthread_mutex_lock(&inflight->lock);
	struct entry *entry = entry_of(inflight, key);
	unsigned failures = entry ? entry->failures : 0;
	while (entry && entry->leading)
		pthread_cond_wait(&inflight->changed, &inflight->lock);
	if (entry && entry->place) {
		*place = entry->place;
		role = INFLIGHT_DONE;
	} else if (entry && shares_failure(entry, failures, origin)) {
		*err = *entry->failure;
		role = INFLIGHT_FAILED;
	} else if (entry) {
		entry->leading = true;
	}
	pthread_mutex_unlock(&inflight->lock);
	return role;
}

void inflight_end(struct inflight *inflight, struct str key, const char *place, const void *origin,
		  const struct error *err)
{
	pthread_mutex_lock(&inflight->lock);
	struct entry *entry = map_get(&inflight->entries, key);
	if (entry) {
		entry->leading = false;
		entry->place = place ? arena_string(inflight->arena, place) : NULL;
		entry->failures += place == NULL;
		entry->origin = origin;
		if (!place && !entry->failure)
			entry->failure = arena_new_of(inflight->arena, struct error);
		if (!place && entry->failure)
			*entry->failure = *err;
		pthread_cond_broadcast(&inflight->changed);
	}
	pthread_mutex_unlock(&inflight->lock);
}
