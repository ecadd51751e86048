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
#include "base/log.h"
#include "copy/companions/lookup.h"
#include "copy/document.h"
#include "copy/fetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 100000 };

/* One digest to look at. */
struct walk_node {
	const char *digest;
	const char *media_type;
	bool part; /* the image, or in its index */
};

struct walk {
	const struct walk_job *job;
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
	return walk->job->at->companions;
}

static size_t count_nodes(const struct buf *nodes)
{
	return nodes->len / sizeof(struct walk_node);
}

/*
 * Adds a digest to the next level, unless it was added before. Caller holds the lock, or is the
 * only thread.
 */
static bool add_node(struct walk *walk, const struct walk_node *found, struct error *err)
{
	if (map_get(&walk->visited, str_of(found->digest)))
		return true;
	if (walk->visited.count >= NODES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "more than %d manifests to search for signatures", NODES_MAX);
	struct walk_node node = {arena_string(walk->arena, found->digest),
				 arena_string(walk->arena, found->media_type), found->part};
	if (!node.digest || !node.media_type || !map_put(&walk->visited, str_of(node.digest), walk))
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
	copy.type = arena_string(walk->arena, copy.type);
	if (copy.tag)
		copy.tag = arena_string(walk->arena, copy.tag);
	if (!copy.digest || !copy.media_type || !copy.subject || !copy.type ||
	    (companion->tag && !copy.tag))
		return error_memory(err);
	const struct walk_node node = {copy.digest, copy.media_type, false};
	buf_add(&walk->found, &copy, sizeof(copy));
	return (buf_ok(&walk->found) || error_memory(err)) && add_node(walk, &node, err);
}

/* --- the parts of a manifest ---------------------------------------------------------------- */

/* How indexes are opened. */
struct walk_opening {
	struct image *image; /* through which they are read */
	enum document_side side;
	bool part; /* they are parts of the image */
};

/*
 * Adds the manifests that a manifest lists, and those that they list in turn. Called while no other
 * thread works. Indexes may list each other many times, so each is opened once.
 */
static bool add_parts(struct walk *walk, const struct walk_opening *opening, const char *digest,
		      int depth, struct error *err)
{
	struct manifest manifest = {0};
	if (map_get(&walk->opened, str_of(digest)))
		return true;
	if (!map_put(&walk->opened, str_of(digest), walk))
		return error_memory(err);
	if (!document_get(opening->image, opening->side, digest, depth, &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		struct str type = str_of(child->media_type);
		if (media_is_content(type))
			continue;
		const struct walk_node node = {child->digest, child->media_type, opening->part};
		buf_add(&walk->parts, &child->digest, sizeof(child->digest));
		if (!add_node(walk, &node, err))
			return false;
		if (media_kind(type) == MEDIA_INDEX &&
		    !add_parts(walk, opening, child->digest, depth + 1, err))
			return false;
	}
	return true;
}

/* The same without reading anything, where an earlier run has. *known: it has. */
static bool recall_parts(struct walk *walk, const char *digest, bool *known, struct error *err)
{
	struct sync_state *state = walk->job->image->copier->options.state;
	const char *const *parts;
	size_t count;
	*known =
		state && hints_find_parts(state_hints(state), digest, clock_unix(), &parts, &count);
	for (size_t i = 0; *known && i < count; i++) {
		const struct walk_node node = {parts[i], "", true};
		if (!add_node(walk, &node, err))
			return false;
	}
	return true;
}

/* Adds the parts of the image itself. */
static bool add_image_parts(struct walk *walk, const char *digest, struct error *err)
{
	const struct walk_job *job = walk->job;
	const struct walk_opening opening = {job->image,
					     job->held ? DOCUMENT_TARGET : DOCUMENT_SOURCE, true};
	struct sync_state *state = job->image->copier->options.state;
	/* What was opened before, for a companion, is not looked into once more. */
	bool all = !walk->opened.count, known = false;
	if (job->held && !recall_parts(walk, digest, &known, err))
		return false;
	if (known)
		return true;
	buf_reset(&walk->parts);
	if (!add_parts(walk, &opening, digest, 1, err))
		return false;
	if (state && all && buf_ok(&walk->parts))
		hints_record_parts(state_hints(state), digest,
				   (const char *const *)(void *)walk->parts.at,
				   walk->parts.len / sizeof(const char *), clock_unix());
	return true;
}

/* --- the companions of one digest ----------------------------------------------------------- */

/* A list may leave out the type: then it is taken from the manifest. */
static bool is_wanted(const struct walk *walk, struct arena *arena, struct companion *companion,
		      bool *wanted, struct error *err)
{
	struct manifest manifest;
	if (!*companion->type && !filter_of(walk)->all) {
		if (!fetch_source(walk->job->at, arena, companion->digest, &manifest, err))
			return false;
		struct str type = referrers_type(&manifest);
		companion->type = arena_copy(arena, type.at ? type.at : "", type.len);
		if (!companion->type)
			return error_memory(err);
	}
	*wanted = companion_wanted(filter_of(walk), str_of(companion->type));
	return true;
}

static bool look_for_referrers(struct walk *walk, const struct lookup *lookup,
			       const struct walk_node *node, struct buf *found, struct error *err)
{
	scoped(map_finish) struct map list = {0};
	if (!lookup_referrers(lookup, node->digest, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct referrer *referrer = list.entries[i].value;
		struct companion companion = {.digest = referrer->digest,
					      .media_type = referrer->media_type,
					      .type = referrer->artifact_type,
					      .image = walk->job->at,
					      .direct = node->part,
					      .subject = node->digest};
		bool wanted = false;
		if (!is_wanted(walk, lookup->arena, &companion, &wanted, err))
			return false;
		if (wanted)
			buf_add(found, &companion, sizeof(companion));
	}
	return buf_ok(found) || error_memory(err);
}

static bool look_for_tags(struct walk *walk, const struct lookup *lookup,
			  const struct walk_node *node, struct buf *found, struct error *err)
{
	for (enum companion_suffix suffix = 0; suffix < COMPANION_SUFFIXES; suffix++) {
		struct companion companion = {.media_type = "",
					      .type = "",
					      .suffix = suffix,
					      .image = walk->job->at,
					      .direct = node->part,
					      .subject = node->digest};
		char *tag = arena_alloc(lookup->arena, COMPANION_TAG_SIZE);
		if (!tag)
			return error_memory(err);
		if (!companion_tag_wanted(filter_of(walk), suffix) ||
		    !companion_tag(node->digest, suffix, tag))
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
	const struct image *at = walk->job->at;
	const struct lookup lookup = {at->copier->sites, at->from, arena};
	if (!arena)
		return error_memory(err);
	if (cancel_requested())
		return error_canceled(err);
	if (!look_for_referrers(walk, &lookup, node, &found, err) ||
	    !look_for_tags(walk, &lookup, node, &found, err))
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
	return pool_try(walk->job->at->copier->options.pool, count_nodes(&walk->level), look, walk,
			err);
}

/* Adds the parts of indexes that were found, because these may be signed as well. */
static bool open_indexes(struct walk *walk, struct error *err)
{
	const struct walk_opening opening = {walk->job->at, DOCUMENT_SOURCE, false};
	size_t count = count_nodes(&walk->next);
	for (size_t i = 0; i < count; i++) {
		struct walk_node node = ((const struct walk_node *)(const void *)walk->next.at)[i];
		if (media_kind(str_of(node.media_type)) == MEDIA_INDEX &&
		    !add_parts(walk, &opening, node.digest, 1, err))
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
	const struct walk_node root = {digest, "", true};
	if (strcmp(digest, walk->job->image->pinned) != 0)
		return true;
	return add_node(walk, &root, err) && look_at_level(walk, err) && open_indexes(walk, err);
}

/* Adds companions that were found before, at another source. */
static bool add_found(struct walk *walk, const struct companions *before, struct error *err)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct walk_node node = {before->items[i].digest, before->items[i].media_type,
					       false};
		if (!add_node(walk, &node, err))
			return false;
	}
	return true;
}

static bool walk_levels(struct walk *walk, const struct companions *before, struct error *err)
{
	const char *digest = walk->job->image->wanted;
	if (!look_at_root(walk, digest, err))
		return false;
	if (is_bare(walk->job->at))
		return true;
	if (!add_image_parts(walk, digest, err) || !add_found(walk, before, err))
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

/* --- two sources ---------------------------------------------------------------------------- */

/* What makes two companions the same. NULL without memory. */
static const char *name_of(struct arena *arena, const struct companion *companion)
{
	return companion->tag
		       ? arena_string(arena, companion->tag)
		       : arena_printf(arena, "%s of %s", companion->digest, companion->subject);
}

/* True when before, of the same name, replaces companion; if that loses something, warns. */
static bool replaces(const struct companion *before, const struct companion *companion)
{
	if (before && strcmp(before->digest, companion->digest) != 0)
		log_warn("%s/%s and %s/%s have different images under the tag %s: the first is "
			 "copied",
			 before->image->from->party_name, before->image->from->path,
			 companion->image->from->party_name, companion->image->from->path,
			 companion->tag);
	return before;
}

static int by_subject(const void *a, const void *b)
{
	const struct companion *left = a, *right = b;
	int order = strcmp(left->subject, right->subject);
	return order ? order : strcmp(left->digest, right->digest);
}

/* Adds what the walk found to *found, unless it was there before. */
static bool merge(const struct walk *walk, struct companions *found, struct error *err)
{
	scoped(map_finish) struct map names = {0};
	const struct companion *new = (const void *)walk->found.at;
	size_t count = walk->found.len / sizeof(*new), old = found->count;
	struct companion *all = arena_array(walk->arena, old + count, sizeof(*all));
	if (!all)
		return error_memory(err);
	for (size_t i = 0; i < old; i++) {
		const char *name = name_of(walk->arena, &found->items[i]);
		all[i] = found->items[i];
		if (!name || !map_put(&names, str_of(name), &all[i]))
			return error_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = old ? name_of(walk->arena, &new[i]) : "";
		if (!name)
			return error_memory(err);
		if (!replaces(map_get(&names, str_of(name)), &new[i]))
			all[found->count++] = new[i];
	}
	found->items = all;
	if (old)
		qsort(all, found->count, sizeof(*all), by_subject);
	return true;
}

bool walk_source(const struct walk_job *job, struct companions *found, struct error *err)
{
	scoped(walk_finish) struct walk walk = {
		.job = job, .arena = job->arena, .lock = PTHREAD_MUTEX_INITIALIZER};
	return walk_levels(&walk, found, err) && merge(&walk, found, err);
}

bool walk_count(struct image *image, const char *digest, size_t *count, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct walk_job job = {.image = image, .at = image, .arena = arena};
	const struct walk_node node = {digest, "", true};
	if (!arena)
		return error_memory(err);
	scoped(walk_finish) struct walk walk = {
		.job = &job, .arena = arena, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (!add_node(&walk, &node, err) || !look_at_level(&walk, err))
		return false;
	*count = walk.found.len / sizeof(struct companion);
	return true;
}
