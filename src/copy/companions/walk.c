/*
 * A level is a list of digests that are looked at in parallel; their companions are the next level.
 * Every digest is looked at once, so circles end. Depth and count are capped, because the registry
 * is not trusted.
 *
 * The index itself is opened only if the source may have companions at all: a repository without
 * the API and without tags with names made of digests has none.
 */
#include "copy/companions/walk.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "copy/companions/lookup.h"
#include "copy/document.h"
#include "copy/fetch.h"

#include <pthread.h>
#include <string.h>

enum { NODES_MAX = 100000 };

/* One digest to look at. */
struct walk_node {
	const char *digest;
	const char *media_type;
};

struct walk {
	struct image *image;
	struct arena *arena;
	struct map visited;
	struct map opened;      /* indexes whose parts were added */
	struct buf level, next; /* arrays of struct walk_node */
	struct buf found;       /* array of struct companion */
	struct buf parts;       /* array of the digests inside the image, const char * */
	pthread_mutex_t lock;   /* guards all members above */
};

static void walk_finish(struct walk *walk)
{
	map_finish(&walk->visited);
	map_finish(&walk->opened);
	buf_finish(&walk->level);
	buf_finish(&walk->next);
	buf_finish(&walk->found);
	buf_finish(&walk->parts);
	pthread_mutex_destroy(&walk->lock);
}

static const struct companion_filter *filter_of(const struct walk *walk)
{
	return walk->image->companions;
}

static size_t count_nodes(const struct buf *nodes)
{
	return nodes->len / sizeof(struct walk_node);
}

/*
 * Adds a digest to the next level, unless it was added before. Caller holds the lock, or is the
 * only thread.
 */
static bool add_node(struct walk *walk, const char *digest, const char *media_type,
		     struct error *err)
{
	if (map_get(&walk->visited, str_of(digest)))
		return true;
	if (walk->visited.count >= NODES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "more than %d manifests to search for signatures", NODES_MAX);
	struct walk_node node = {arena_string(walk->arena, digest),
				 arena_string(walk->arena, media_type)};
	if (!node.digest || !node.media_type || !map_put(&walk->visited, str_of(digest), walk))
		return error_memory(err);
	buf_add(&walk->next, &node, sizeof(node));
	return buf_ok(&walk->next) || error_memory(err);
}

/* Records a companion. Caller holds the lock. */
static bool add_companion(struct walk *walk, const struct companion *companion, struct error *err)
{
	struct companion copy = *companion;
	if (walk->found.len / sizeof(copy) >= COMPANIONS_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "more than %d signatures and other referrers", COMPANIONS_MAX);
	copy.digest = arena_string(walk->arena, copy.digest);
	copy.media_type = arena_string(walk->arena, copy.media_type);
	copy.subject = arena_string(walk->arena, copy.subject);
	if (copy.tag)
		copy.tag = arena_string(walk->arena, copy.tag);
	if (!copy.digest || !copy.media_type || !copy.subject || (companion->tag && !copy.tag))
		return error_memory(err);
	buf_add(&walk->found, &copy, sizeof(copy));
	return (buf_ok(&walk->found) || error_memory(err)) &&
	       add_node(walk, copy.digest, copy.media_type, err);
}

/* --- the parts of a manifest ---------------------------------------------------------------- */

/*
 * Adds the manifests that a manifest lists, and those that they list in turn. Called while no other
 * thread works. Indexes may list each other many times, so each is opened once.
 */
static bool add_parts(struct walk *walk, const char *digest, bool held, int depth,
		      struct error *err)
{
	struct manifest manifest = {0};
	if (map_get(&walk->opened, str_of(digest)))
		return true;
	if (!map_put(&walk->opened, str_of(digest), walk))
		return error_memory(err);
	if (!document_get(walk->image, held ? DOCUMENT_TARGET : DOCUMENT_SOURCE, digest, depth,
			  &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		struct str type = str_of(child->media_type);
		if (media_is_content(type))
			continue;
		buf_add(&walk->parts, &child->digest, sizeof(child->digest));
		if (!add_node(walk, child->digest, child->media_type, err))
			return false;
		if (media_kind(type) == MEDIA_INDEX &&
		    !add_parts(walk, child->digest, held, depth + 1, err))
			return false;
	}
	return true;
}

/* The same without reading anything, where an earlier run has. *known: it has. */
static bool recall_parts(struct walk *walk, const char *digest, bool *known, struct error *err)
{
	struct sync_state *state = walk->image->copier->options.state;
	const char *const *parts;
	size_t count;
	*known =
		state && hints_find_parts(state_hints(state), digest, clock_unix(), &parts, &count);
	for (size_t i = 0; *known && i < count; i++)
		if (!add_node(walk, parts[i], "", err))
			return false;
	return true;
}

/* Adds the parts of the image itself. */
static bool add_image_parts(struct walk *walk, const char *digest, bool held, struct error *err)
{
	struct sync_state *state = walk->image->copier->options.state;
	/* What was opened before, for a companion, is not looked into once more. */
	bool all = !walk->opened.count, known = false;
	if (held && !recall_parts(walk, digest, &known, err))
		return false;
	if (known)
		return true;
	buf_reset(&walk->parts);
	if (!add_parts(walk, digest, held, 1, err))
		return false;
	if (state && all && buf_ok(&walk->parts))
		hints_record_parts(state_hints(state), digest,
				   (const char *const *)(void *)walk->parts.at,
				   walk->parts.len / sizeof(const char *), clock_unix());
	return true;
}

/* --- the companions of one digest ----------------------------------------------------------- */

/* A list may leave out the type: then it is taken from the manifest. */
static bool is_wanted(const struct walk *walk, struct arena *arena, const struct referrer *referrer,
		      bool *wanted, struct error *err)
{
	struct manifest manifest;
	struct str type = str_of(referrer->artifact_type);
	if (!type.len && !filter_of(walk)->all) {
		if (!fetch_source(walk->image, arena, referrer->digest, &manifest, err))
			return false;
		type = referrers_type(&manifest);
	}
	*wanted = companion_wanted(filter_of(walk), type);
	return true;
}

static bool look_for_referrers(struct walk *walk, const struct lookup *lookup, const char *digest,
			       struct buf *found, struct error *err)
{
	scoped(map_finish) struct map list = {0};
	if (!lookup_referrers(lookup, digest, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct referrer *referrer = list.entries[i].value;
		struct companion companion = {.digest = referrer->digest,
					      .media_type = referrer->media_type,
					      .subject = digest};
		bool wanted = false;
		if (!is_wanted(walk, lookup->arena, referrer, &wanted, err))
			return false;
		if (wanted)
			buf_add(found, &companion, sizeof(companion));
	}
	return buf_ok(found) || error_memory(err);
}

static bool look_for_tags(struct walk *walk, const struct lookup *lookup, const char *digest,
			  struct buf *found, struct error *err)
{
	for (enum companion_suffix suffix = 0; suffix < COMPANION_SUFFIXES; suffix++) {
		struct companion companion = {.media_type = "", .subject = digest};
		char *tag = arena_alloc(lookup->arena, COMPANION_TAG_SIZE);
		if (!tag)
			return error_memory(err);
		if (!companion_tag_wanted(filter_of(walk), suffix) ||
		    !companion_tag(digest, suffix, tag))
			continue;
		companion.tag = tag;
		if (!lookup_tag(lookup, tag, &companion.digest, err))
			return false;
		if (companion.digest)
			buf_add(found, &companion, sizeof(companion));
	}
	return buf_ok(found) || error_memory(err);
}

static bool look_at(struct walk *walk, const struct walk_node *node, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf found = {0};
	const struct image *image = walk->image;
	const struct lookup lookup = {image->copier->sites, image->from, arena};
	if (!arena)
		return error_memory(err);
	if (cancel_requested())
		return error_canceled(err);
	if (!look_for_referrers(walk, &lookup, node->digest, &found, err) ||
	    !look_for_tags(walk, &lookup, node->digest, &found, err))
		return false;
	const struct companion *items = (const void *)found.at;
	bool ok = true;
	pthread_mutex_lock(&walk->lock);
	for (size_t i = 0; ok && i < found.len / sizeof(*items); i++)
		ok = add_companion(walk, &items[i], err);
	pthread_mutex_unlock(&walk->lock);
	return ok;
}

static bool look(void *ctx, size_t index, struct error *err)
{
	struct walk *walk = ctx;
	pthread_mutex_lock(&walk->lock);
	struct walk_node node = ((const struct walk_node *)(const void *)walk->level.at)[index];
	pthread_mutex_unlock(&walk->lock);
	return look_at(walk, &node, err);
}

/* --- levels --------------------------------------------------------------------------------- */

/* Looks at all digests of the next level; their companions become the level after it. */
static bool look_at_level(struct walk *walk, struct error *err)
{
	struct buf done = walk->level;
	walk->level = walk->next;
	walk->next = done;
	buf_reset(&walk->next);
	return pool_try(walk->image->copier->options.pool, count_nodes(&walk->level), look, walk,
			err);
}

/* Adds the parts of indexes that were found, because these may be signed as well. */
static bool open_indexes(struct walk *walk, struct error *err)
{
	size_t count = count_nodes(&walk->next);
	for (size_t i = 0; i < count; i++) {
		struct walk_node node = ((const struct walk_node *)(const void *)walk->next.at)[i];
		if (media_kind(str_of(node.media_type)) == MEDIA_INDEX &&
		    !add_parts(walk, node.digest, false, 1, err))
			return false;
	}
	return true;
}

static bool is_bare(const struct image *image)
{
	struct site *site = sites_of(image->copier->sites, image->from);
	return site && sites_is_bare(site);
}

/* Looks at the root first, unless it is a filtered index, which the source does not have. */
static bool look_at_root(struct walk *walk, const char *digest, struct error *err)
{
	if (strcmp(digest, walk->image->pinned) != 0)
		return true;
	return add_node(walk, digest, "", err) && look_at_level(walk, err) &&
	       open_indexes(walk, err);
}

static bool walk_levels(struct walk *walk, bool held, struct error *err)
{
	const char *digest = walk->image->wanted;
	if (!look_at_root(walk, digest, err))
		return false;
	if (is_bare(walk->image))
		return true;
	if (!add_image_parts(walk, digest, held, err))
		return false;
	for (int depth = 1; count_nodes(&walk->next); depth++) {
		if (depth > COMPANIONS_DEPTH_MAX)
			return error_set(err, ERROR_UNSUPPORTED,
					 "signatures of signatures nested deeper than %d",
					 COMPANIONS_DEPTH_MAX);
		if (!look_at_level(walk, err) || !open_indexes(walk, err))
			return false;
	}
	return true;
}

bool walk_source(struct image *image, struct arena *arena, bool held, struct companions *out,
		 struct error *err)
{
	scoped(walk_finish) struct walk walk = {
		.image = image, .arena = arena, .lock = PTHREAD_MUTEX_INITIALIZER};
	*out = (struct companions){0};
	if (!walk_levels(&walk, held, err))
		return false;
	size_t count = walk.found.len / sizeof(*out->items);
	out->items = arena_array(arena, count, sizeof(*out->items));
	if (!out->items)
		return error_memory(err);
	out->count = count;
	for (size_t i = 0; i < count; i++)
		out->items[i] = ((const struct companion *)(const void *)walk.found.at)[i];
	return true;
}

bool walk_count(struct image *image, const char *digest, size_t *count, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	if (!arena)
		return error_memory(err);
	scoped(walk_finish) struct walk walk = {
		.image = image, .arena = arena, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (!add_node(&walk, digest, "", err) || !look_at_level(&walk, err))
		return false;
	*count = walk.found.len / sizeof(struct companion);
	return true;
}
