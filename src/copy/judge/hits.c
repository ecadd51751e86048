/*
 * A pattern counts only platforms that pass the whole filter, not those that another pattern sorts
 * out. So the first run, which sees the source, and the next one, which sees the filtered index at
 * the target, get the same result.
 */
#include "copy/judge/hits.h"

#include "base/map.h"

#include <pthread.h>

struct hits {
	struct arena *arena;
	pthread_mutex_t lock;
	struct map patterns; /* text of a pattern -> bool, true: it let an image pass */
	bool incomplete;     /* there was no memory for one of the patterns */
};

struct hits *hits_new(void)
{
	struct arena *arena = arena_new();
	struct hits *hits = arena ? arena_new_of(arena, struct hits) : NULL;
	if (!hits) {
		arena_free(&arena);
		return NULL;
	}
	hits->arena = arena;
	pthread_mutex_init(&hits->lock, NULL);
	return hits;
}

void hits_free(struct hits **hits)
{
	if (!*hits)
		return;
	struct arena *arena = (*hits)->arena;
	map_finish(&(*hits)->patterns);
	pthread_mutex_destroy(&(*hits)->lock);
	*hits = NULL;
	arena_free(&arena);
}

static void record(struct hits *hits, struct str text, bool hit)
{
	pthread_mutex_lock(&hits->lock);
	bool *known = map_get(&hits->patterns, text);
	if (!known) {
		known = arena_new_of(hits->arena, bool);
		if (!known || !map_put(&hits->patterns, text, known))
			hits->incomplete = true;
	}
	if (known)
		*known |= hit;
	pthread_mutex_unlock(&hits->lock);
}

/* Adds the patterns of filter; with all, or if they match platform (may be NULL), as used. */
static void visit(struct hits *hits, const struct platform_filter *filter,
		  const struct platform *platform, bool all)
{
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < platform_pattern_count(filter); i++) {
		buf_reset(&text);
		platform_pattern_print(filter, i, &text);
		if (buf_ok(&text))
			record(hits, buf_str(&text),
			       all || (platform && platform_pattern_hits(filter, i, platform)));
	}
}

void hits_add(struct hits *hits, const struct platform_filter *filter)
{
	visit(hits, filter, NULL, false);
}

void hits_mark(struct hits *hits, const struct platform_filter *filter,
	       const struct platform *platform)
{
	visit(hits, filter, platform, false);
}

void hits_mark_all(struct hits *hits, const struct platform_filter *filter)
{
	visit(hits, filter, NULL, true);
}

/* Collects the texts of unused patterns. Caller holds the lock. */
static bool collect(struct hits *hits, struct arena *arena, const char **texts, size_t *count)
{
	for (size_t i = 0; i < hits->patterns.count && !hits->incomplete; i++) {
		const struct map_entry *entry = &hits->patterns.entries[i];
		if (*(const bool *)entry->value)
			continue;
		texts[*count] = arena_copy(arena, entry->key, entry->len);
		if (!texts[(*count)++])
			return false;
	}
	return true;
}

bool hits_missed(struct hits *hits, struct arena *arena, const char *const **out, size_t *count)
{
	*count = 0;
	pthread_mutex_lock(&hits->lock);
	const char **texts = arena_array(arena, hits->patterns.count + 1, sizeof(*texts));
	bool ok = texts && collect(hits, arena, texts, count);
	pthread_mutex_unlock(&hits->lock);
	*out = texts;
	return ok;
}
