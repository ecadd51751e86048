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

#include "cmd/run.h"
#include "config/imgsync/flags.h"
#include "discover/discover.h"

#include <pthread.h>

struct shared_listing {
	unsigned rules; /* rules that may still need it */
	bool detailed;  /* one of them gains by digests or dates beside the tags */
	struct flight flight;
	struct arena *arena; /* arena of the tags; NULL: not known */
	struct tag_list tags;
};

struct listings {
	struct arena *arena;
	const struct run *run;
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

static bool add(struct listings *listings, const struct plan_rule *rule)
{
	const struct reference *source = rule->source.name;
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
	listing->detailed |= plan_wants_details(rule);
	return true;
}

struct listings *listings_new(const struct run *run)
{
	struct arena *arena = arena_new();
	struct listings *listings = arena ? arena_new_of(arena, struct listings) : NULL;
	if (!listings) {
		arena_free(&arena);
		return NULL;
	}
	listings->arena = arena;
	listings->run = run;
	pthread_mutex_init(&listings->lock, NULL);
	cond_init(&listings->changed);
	if (run->options->imgsync)
		listings->most = (unsigned)run->options->imgsync->query_limit;
	for (size_t i = 0; listings && i < run->rule_count; i++)
		if (!plan_is_known(&run->rules[i]) && !add(listings, &run->rules[i]))
			listings_free(&listings);
	return listings;
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

/* A list with digests saves a request for each tag of it; it is kept where the tags come from. */
static void look_closer(const struct run *run, const struct reference *source)
{
	struct repository repository;
	struct error ignored;
	if (registry_open(run->registry, source, false, &repository, &ignored))
		discover_tags(&repository, SIZE_MAX);
}

static bool ask(const struct run *run, const struct reference *source, bool detailed,
		struct arena *arena, struct tag_list *out, struct error *err)
{
	const struct store *store = NULL;
	if (detailed)
		look_closer(run, source);
	return store_at(&run->stores, source, NULL, arena, &store, err) &&
	       store_tags(store, arena, 0, out, err);
}

/* Waits until one list more may be read. */
static void take_turn(struct listings *listings)
{
	enum { LOOK_MS = 1000 };
	pthread_mutex_lock(&listings->lock);
	while (listings->most && listings->busy >= listings->most && !cancel_requested())
		cond_wait_ms(&listings->changed, &listings->lock, LOOK_MS);
	listings->busy++;
	pthread_mutex_unlock(&listings->lock);
}

static void leave_turn(struct listings *listings)
{
	pthread_mutex_lock(&listings->lock);
	listings->busy--;
	pthread_cond_broadcast(&listings->changed);
	pthread_mutex_unlock(&listings->lock);
}

/* Reads a list of tags when it is its turn. */
static bool read_tags(struct listings *listings, const struct reference *source, bool detailed,
		      struct arena *arena, struct tag_list *out, struct error *err)
{
	take_turn(listings);
	bool ok = cancel_requested() ? error_canceled(err)
				     : ask(listings->run, source, detailed, arena, out, err);
	leave_turn(listings);
	return ok;
}

/* Reads the list for all rules that need it. */
static bool read_list(struct listings *listings, struct shared_listing *listing,
		      const struct reference *source, struct error *err)
{
	struct arena *arena = arena_new();
	struct tag_list tags = {0};
	bool ok = arena ? read_tags(listings, source, listing->detailed, arena, &tags, err)
			: error_memory(err);
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
	enum flight_turn turn = FLIGHT_LEAD;
	if (!listing)
		return read_tags(listings, source, false, arena, out, err);
	pthread_mutex_lock(&listings->lock);
	bool shared = listing->rules > 1 || listing->arena;
	if (shared)
		turn = flight_board(&listing->flight, &listings->changed, &listings->lock, NULL,
				    err);
	pthread_mutex_unlock(&listings->lock);
	if (!shared)
		return read_tags(listings, source, listing->detailed, arena, out, err);
	if (turn == FLIGHT_FAILED ||
	    (turn == FLIGHT_LEAD && !read_list(listings, listing, source, err)))
		return false;
	*out = listing->tags;
	return true;
}

void listings_done(struct listings *listings, const struct plan_rule *rule)
{
	/* Only rules that need a list were counted, and other ones may have the same source. */
	struct shared_listing *listing =
		plan_is_known(rule) ? NULL : find(listings, rule->source.name);
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
