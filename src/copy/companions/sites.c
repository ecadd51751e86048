/*
 * A list of more than a few pages costs more than it saves, so reading it is given up: it belongs
 * to a repository with thousands of tags, of which this run may need one. A failure is not
 * remembered, so the next image asks again.
 */
#include "copy/companions/sites.h"

#include "base/flight.h"
#include "base/map.h"
#include "oci/companion.h"
#include "store/store.h"

#include <pthread.h>
#include <string.h>

enum { PAGES = 8 };

struct sites {
	struct arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map table;
};

struct site {
	struct sites *all;
	struct flight api;  /* finding out whether there is a referrers API */
	bool has_api;       /* there is one */
	struct flight list; /* reading the list of tags */
	bool known;         /* the list is complete, and tags no longer changes */
	struct map tags;    /* those with names made of digests */
};

struct sites *sites_new(void)
{
	struct arena *arena = arena_new();
	struct sites *sites = arena ? arena_new_of(arena, struct sites) : NULL;
	if (!sites) {
		arena_free(&arena);
		return NULL;
	}
	sites->arena = arena;
	pthread_mutex_init(&sites->lock, NULL);
	pthread_cond_init(&sites->changed, NULL);
	return sites;
}

void sites_free(struct sites **sites)
{
	if (!*sites)
		return;
	struct arena *arena = (*sites)->arena;
	for (size_t i = 0; i < (*sites)->table.count; i++)
		map_finish(&((struct site *)(*sites)->table.entries[i].value)->tags);
	map_finish(&(*sites)->table);
	pthread_cond_destroy(&(*sites)->changed);
	pthread_mutex_destroy(&(*sites)->lock);
	*sites = NULL;
	arena_free(&arena);
}

struct site *sites_of(struct sites *sites, const struct store *store)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%s/%s", store->party_name, store->path);
	if (!buf_ok(&key))
		return NULL;
	pthread_mutex_lock(&sites->lock);
	struct site *site = map_get(&sites->table, buf_str(&key));
	if (!site) {
		site = arena_new_of(sites->arena, struct site);
		if (site && !map_put(&sites->table, buf_str(&key), site))
			site = NULL;
		if (site)
			site->all = sites;
	}
	pthread_mutex_unlock(&sites->lock);
	return site;
}

bool sites_ask_api(struct site *site, bool *first)
{
	struct sites *sites = site->all;
	struct error none;
	pthread_mutex_lock(&sites->lock);
	*first =
		flight_board(&site->api, &sites->changed, &sites->lock, NULL, &none) == FLIGHT_LEAD;
	bool may = *first || site->has_api;
	pthread_mutex_unlock(&sites->lock);
	return may;
}

void sites_tell_api(struct site *site, bool known, bool has)
{
	pthread_mutex_lock(&site->all->lock);
	/* If the API has worked before, a 404 concerns only that one digest. */
	site->has_api |= known && has;
	if (known)
		flight_land(&site->api, &site->all->changed);
	else
		flight_drop(&site->api, &site->all->changed);
	pthread_mutex_unlock(&site->all->lock);
}

static bool read_tags(const struct store *store, struct map *tags, bool *known, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tag_list list;
	if (!arena)
		return error_memory(err);
	if (!store_tags(store, arena, PAGES, &list, err))
		return false;
	*known = list.complete;
	for (size_t i = 0; *known && i < list.count; i++)
		if (companion_is_tag(str_of(list.items[i])) &&
		    !map_put(tags, str_of(list.items[i]), tags))
			return error_memory(err);
	return true;
}

bool sites_read_tags(struct site *site, const struct store *store, bool *known, struct error *err)
{
	scoped(map_finish) struct map tags = {0};
	struct sites *sites = site->all;
	pthread_mutex_lock(&sites->lock);
	bool reads =
		flight_board(&site->list, &sites->changed, &sites->lock, NULL, err) == FLIGHT_LEAD;
	*known = site->known;
	pthread_mutex_unlock(&sites->lock);
	if (!reads)
		return true;
	bool ok = read_tags(store, &tags, known, err);
	pthread_mutex_lock(&sites->lock);
	site->known = ok && *known;
	if (site->known) {
		site->tags = tags;
		tags = (struct map){0};
	}
	if (ok)
		flight_land(&site->list, &sites->changed);
	else
		flight_drop(&site->list, &sites->changed);
	pthread_mutex_unlock(&sites->lock);
	return ok;
}

bool sites_has_tag(struct site *site, const char *tag)
{
	pthread_mutex_lock(&site->all->lock);
	bool has = map_get(&site->tags, str_of(tag)) != NULL;
	pthread_mutex_unlock(&site->all->lock);
	return has;
}

bool sites_is_bare(struct site *site)
{
	pthread_mutex_lock(&site->all->lock);
	bool bare = site->api.landed && !site->has_api && site->known && !site->tags.count;
	pthread_mutex_unlock(&site->all->lock);
	return bare;
}
