/*
 * Google's registries list tags together with what lies below: `child` has the next parts of paths.
 * A tree is walked from the namespace down; whatever has tags or manifests is a repository, also
 * what has children. A single page with as many entries as one has at most may have been cut, and
 * is an error.
 */
#include "discover/dialect.h"
#include "registry/tags.h"

#include <string.h>

enum { PAGE = 10000, PAGE_USUAL = 1000, DEPTH_MAX = 32, NODES_MAX = 100000 };

struct google_walk {
	const struct discovery *discovery;
	struct arena *arena; /* of the paths to come */
	struct map *found;
	struct map nodes; /* paths, each looked at once, in this order */
	size_t misnamed;  /* names that are none */
	bool supported;
};

static void walk_finish(struct google_walk *walk)
{
	map_finish(&walk->nodes);
	arena_free(&walk->arena);
}

static size_t depth_of(struct str path)
{
	size_t depth = 0;
	for (size_t i = 0; i < path.len; i++)
		depth += path.at[i] == '/';
	return depth;
}

static bool add_child(struct google_walk *walk, struct str path, struct str child,
		      struct error *err)
{
	bool valid;
	const char *below =
		path.len ? arena_printf(walk->arena, "%.*s/%.*s", STR_ARGS(path), STR_ARGS(child))
			 : arena_copy(walk->arena, child.at, child.len);
	if (!below)
		return error_memory(err);
	if (!dialect_valid(walk->discovery, str_of(below), &walk->misnamed, &valid, err))
		return false;
	if (!valid)
		return true;
	if (walk->nodes.count >= NODES_MAX || depth_of(str_of(below)) > DEPTH_MAX)
		return error_set(err, ERROR_CORRUPT, "more than %d paths, or deeper than %d",
				 NODES_MAX, DEPTH_MAX);
	return map_put(&walk->nodes, str_of(below), walk) || error_memory(err);
}

/* One path of the tree. */
struct looking {
	struct google_walk *walk;
	struct str path;
	struct known_list *tags;
	size_t cut; /* the number of children, if a page was full */
	bool full;  /* a page had as many tags or manifests as it can have */
	bool holds; /* tags or manifests */
};

static void looking_finish(struct looking *looking)
{
	known_list_free(&looking->tags);
}

static bool take_children(const struct looking *looking, const struct node *children,
			  struct error *err)
{
	for (size_t i = 0; i < children->count; i++) {
		struct str child = node_string(children->items[i]);
		if (!child.len)
			return error_set(err, ERROR_CORRUPT, "a path below it has no name");
		if (!add_child(looking->walk, looking->path, child, err))
			return false;
	}
	return true;
}

/* As many entries as a page has at most: there may be more. */
static bool is_full(const struct node *list)
{
	return list && (list->count >= PAGE || list->count == PAGE_USUAL);
}

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	struct looking *looking = pages->ctx;
	struct google_walk *walk = looking->walk;
	const struct node *children = node_get(root, "child"), *tags = node_get(root, "tags");
	const struct node *manifests = node_get(root, "manifest");
	bool top = looking->path.len == strlen(walk->discovery->path);
	bool listed = children && children->kind != NODE_NULL;
	looking->holds |= (tags && tags->count) || (manifests && manifests->count);
	if (listed && children->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the paths below it are not a list");
	if (listed && is_full(children))
		looking->cut = children->count;
	looking->full |= is_full(tags) || is_full(manifests);
	walk->supported |= children != NULL;
	if (tags && !tags_take(looking->tags, root, err))
		return false;
	if (listed && (top || walk->discovery->deep) && !take_children(looking, children, err))
		return false;
	pages->news = walk->nodes.count + known_list_count(looking->tags);
	return true;
}

/* The tags of the repository need not be listed again, unless a single page may be a part. */
static void keep_tags(struct looking *looking, const struct dialect_pages *pages)
{
	const struct known_trust trust = {.complete = true, .ahead = true};
	if (!looking->full || pages->count > 1)
		known_keep(&pages->repository, &looking->tags, trust);
}

static bool look_at(struct google_walk *walk, struct str path, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(looking_finish) struct looking looking = {
		.walk = walk, .path = path, .tags = known_list_new()};
	struct dialect_pages pages = {
		.discovery = walk->discovery,
		.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX, .listing = true},
		.what = "a list of tags",
		.take = take,
		.ctx = &looking,
		.found = &walk->nodes};
	const char *name = arena && looking.tags ? arena_copy(arena, path.at, path.len) : NULL;
	if (!name)
		return error_memory(err);
	pages.request.path =
		*name ? arena_printf(arena, "/v2/%s/tags/list?n=%d", name, PAGE) : "/v2/tags/list";
	if (!pages.request.path)
		return error_memory(err);
	if (!dialect_open(walk->discovery, walk->discovery->host, name, &pages.repository, err) ||
	    !dialect_read(&pages, err))
		return false;
	if (looking.cut && pages.count == 1)
		return error_set(
			err, ERROR_CORRUPT,
			"%.*s has %zu or more paths below it, and the registry does not say "
			"whether these are all",
			STR_ARGS(path), looking.cut);
	if (!looking.holds || path.len == strlen(walk->discovery->path))
		return true;
	pages.found = walk->found;
	keep_tags(&looking, &pages);
	return dialect_add(&pages, path, err);
}

bool google_list(const struct discovery *discovery, struct map *found, bool *supported,
		 struct error *why)
{
	scoped(walk_finish) struct google_walk walk = {
		.discovery = discovery, .arena = arena_new(), .found = found};
	*supported = true;
	if (!walk.arena || !map_put(&walk.nodes, str_of(discovery->path), &walk))
		return error_memory(why);
	for (size_t i = 0; i < walk.nodes.count; i++) {
		const struct map_entry *entry = &walk.nodes.entries[i];
		const struct str path = {arena_copy(walk.arena, entry->key, entry->len),
					 entry->len};
		if (!path.at)
			return error_memory(why);
		if (look_at(&walk, path, why))
			continue;
		/* Another registry says that it has no such repository. */
		*supported = i > 0 || (why->kind != ERROR_MISSING && why->kind != ERROR_DENIED);
		return error_wrap(why, "the tree of %s/%.*s", discovery->host, STR_ARGS(path));
	}
	*supported = walk.supported;
	return walk.supported ||
	       error_set(why, ERROR_UNSUPPORTED, "%s lists tags, but no paths below %s",
			 discovery->host, discovery->path);
}
