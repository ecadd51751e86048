/*
 * Only lists that several rules need are kept, and only until the last of these rules is done: a
 * list may have a hundred thousand tags.
 */
#include "cmd/listings.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/cond.h"
#include "base/flight.h"
#include "base/map.h"

#include <pthread.h>

struct shared_listing {
	unsigned rules; /* rules that may still need it */
	struct flight flight;
	struct arena *arena; /* arena of the tags; NULL: not known */
	struct tag_list tags;
};

struct listings {
	struct arena *arena;
	const struct stores *stores;
	pthread_mutex_t lock; /* guards the members below */
	pthread_cond_t changed;
	struct map sources; /* host/repository -> struct shared_listing */
	unsigned most;      /* lists that may be read at the same time; 0: any number */
	unsigned busy;      /* lists that are being read */
};

/* The list of the source, or NULL. */
static struct shared_listing *find(const struct listings *listings, const struct reference *source)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%s/%s", source->host, source->repository);
	return buf_ok(&key) ? map_get(&listings->sources, buf_str(&key)) : NULL;
}

static bool add(struct listings *listings, const struct reference *source)
{
	scoped(buf_finish) struct buf key = {0};
	struct shared_listing *listing = find(listings, source);
	if (!listing) {
		listing = arena_new_of(listings->arena, struct shared_listing);
		buf_printf(&key, "%s/%s", source->host, source->repository);
		if (!listing || !buf_ok(&key) ||
		    !map_put(&listings->sources, buf_str(&key), listing))
			return false;
	}
	listing->rules++;
	return true;
}

struct listings *listings_new(const struct stores *stores, const struct plan_rule *rules,
			      size_t count)
{
	struct arena *arena = arena_new();
	struct listings *listings = arena ? arena_new_of(arena, struct listings) : NULL;
	if (!listings) {
		arena_free(&arena);
		return NULL;
	}
	listings->arena = arena;
	listings->stores = stores;
	pthread_mutex_init(&listings->lock, NULL);
	cond_init(&listings->changed);
	for (size_t i = 0; listings && i < count; i++)
		if (!add(listings, &rules[i].source.name))
			listings_free(&listings);
	return listings;
}

void listings_limit(struct listings *listings, unsigned most)
{
	listings->most = most;
}

void listings_free(struct listings **listings)
{
	if (!*listings)
		return;
	struct arena *arena = (*listings)->arena;
	struct map *sources = &(*listings)->sources;
	for (size_t i = 0; i < sources->count; i++)
		arena_free(&((struct shared_listing *)sources->entries[i].value)->arena);
	map_finish(sources);
	pthread_cond_destroy(&(*listings)->changed);
	pthread_mutex_destroy(&(*listings)->lock);
	*listings = NULL;
	arena_free(&arena);
}

/* Reads a list of tags when it is its turn. */
static bool read_tags(struct listings *listings, const struct store *store, struct arena *arena,
		      struct tag_list *out, struct error *err)
{
	enum { LOOK_MS = 1000 };
	pthread_mutex_lock(&listings->lock);
	while (listings->most && listings->busy >= listings->most && !cancel_requested())
		cond_wait_ms(&listings->changed, &listings->lock, LOOK_MS);
	listings->busy++;
	pthread_mutex_unlock(&listings->lock);
	bool ok = !cancel_requested() ? store_tags(store, arena, 0, out, err) : error_canceled(err);
	pthread_mutex_lock(&listings->lock);
	listings->busy--;
	pthread_cond_broadcast(&listings->changed);
	pthread_mutex_unlock(&listings->lock);
	return ok;
}

/* Reads the list for all rules that need it. */
static bool read_list(struct listings *listings, struct shared_listing *listing,
		      const struct store *store, struct error *err)
{
	struct arena *arena = arena_new();
	struct tag_list tags = {0};
	bool ok = arena ? read_tags(listings, store, arena, &tags, err) : error_memory(err);
	if (!ok)
		arena_free(&arena);
	pthread_mutex_lock(&listings->lock);
	listing->arena = arena;
	listing->tags = tags;
	if (ok)
		flight_land(&listing->flight, &listings->changed);
	else
		flight_fail(&listing->flight, &listings->changed, listings->arena, FLIGHT_WAITING,
			    NULL, err);
	pthread_mutex_unlock(&listings->lock);
	return ok;
}

bool listings_tags(struct listings *listings, const struct reference *source, struct arena *arena,
		   struct tag_list *out, struct error *err)
{
	struct shared_listing *listing = find(listings, source);
	const struct store *store = NULL;
	enum flight_turn turn = FLIGHT_LEAD;
	if (!store_at(listings->stores, source, false, arena, &store, err))
		return false;
	if (!listing)
		return read_tags(listings, store, arena, out, err);
	pthread_mutex_lock(&listings->lock);
	bool shared = listing->rules > 1 || listing->arena;
	if (shared)
		turn = flight_board(&listing->flight, &listings->changed, &listings->lock, NULL,
				    err);
	pthread_mutex_unlock(&listings->lock);
	if (!shared)
		return read_tags(listings, store, arena, out, err);
	if (turn == FLIGHT_FAILED ||
	    (turn == FLIGHT_LEAD && !read_list(listings, listing, store, err)))
		return false;
	*out = listing->tags;
	return true;
}

void listings_done(struct listings *listings, const struct plan_rule *rule)
{
	struct shared_listing *listing = find(listings, &rule->source.name);
	if (!listing)
		return;
	pthread_mutex_lock(&listings->lock);
	listing->rules--;
	if (!listing->rules) {
		arena_free(&listing->arena);
		listing->flight = (struct flight){0};
	}
	pthread_mutex_unlock(&listings->lock);
}
