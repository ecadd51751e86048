/*
 * All layouts of a run, by their paths. They are few beside the images in them, and stay until the
 * run is over.
 */
#include "base/cond.h"
#include "base/map.h"
#include "layout/archive.h"
#include "layout/layout.h"
#include "oci/layout_name.h"

#include <string.h>

struct layouts {
	struct arena *arena;
	pthread_mutex_t lock;
	const struct layout_root *roots;
	size_t root_count;
	int64_t split;
	struct archive_base *base;
	struct map archives; /* path -> struct archive */
	struct map table;    /* path -> struct layout */
	struct map parties;  /* host -> a copy of it */
};

struct layouts *layouts_new(const struct layout_root *roots, size_t count)
{
	struct arena *arena = arena_new();
	struct layouts *layouts = arena ? arena_new_of(arena, struct layouts) : NULL;
	if (!layouts) {
		arena_free(&arena);
		return NULL;
	}
	*layouts = (struct layouts){.arena = arena, .roots = roots, .root_count = count};
	pthread_mutex_init(&layouts->lock, NULL);
	return layouts;
}

void layouts_set_archives(struct layouts *layouts, int64_t split, struct archive_base *base)
{
	layouts->split = split;
	layouts->base = base;
}

struct archive_base *layouts_base(const struct layouts *layouts)
{
	return layouts->base;
}

void layouts_free(struct layouts **layouts)
{
	struct layouts *old = *layouts;
	*layouts = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->table.count; i++) {
		struct layout *layout = old->table.entries[i].value;
		layout_index_finish(&layout->index);
		arena_free(&layout->arena);
		pthread_mutex_destroy(&layout->lock);
		pthread_mutex_destroy(&layout->queue.lock);
		pthread_cond_destroy(&layout->queue.changed);
	}
	for (size_t i = 0; i < old->archives.count; i++)
		archive_close(old->archives.entries[i].value);
	map_finish(&old->archives);
	map_finish(&old->table);
	map_finish(&old->parties);
	pthread_mutex_destroy(&old->lock);
	struct arena *arena = old->arena;
	arena_free(&arena);
}

/* The way from root to path; NULL: it does not lead there. */
static const char *way_from(const struct layout_root *root, const char *path)
{
	size_t len = strlen(root->path);
	while (len && root->path[len - 1] == '/')
		len--;
	if (strncmp(path, root->path, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len + 1 : path + len;
}

/* The nearest folder that a rule names is the one that its links were looked at. */
static void find_root(const struct layouts *layouts, struct layout *layout)
{
	layout->below = layout->path;
	for (size_t i = 0; i < layouts->root_count; i++) {
		const char *way = way_from(&layouts->roots[i], layout->path);
		if (!way || (layout->root && strlen(way) >= strlen(layout->below)))
			continue;
		layout->root = &layouts->roots[i];
		layout->below = way;
	}
}

static bool is_written(const struct layouts *layouts, const char *path)
{
	for (size_t i = 0; i < layouts->root_count; i++)
		if (layouts->roots[i].written && strcmp(layouts->roots[i].path, path) == 0)
			return true;
	return false;
}

/* Finds the archive of a layout, which is new. */
static bool find_archive(struct layouts *layouts, struct layout *layout,
			 const struct reference *name)
{
	char *path = layout_name_file(layouts->arena, name);
	layout->archive = path ? map_get(&layouts->archives, str_of(path)) : NULL;
	layout->inside = arena_string(layouts->arena, layout_name_inside(name));
	if (layout->archive || !path || !layout->inside)
		return layout->archive && layout->inside;
	layout->archive =
		archive_new(layouts->arena, path, is_written(layouts, path), layouts->split);
	if (layout->archive && map_put(&layouts->archives, str_of(path), layout->archive))
		return true;
	if (layout->archive)
		archive_close(layout->archive);
	return false;
}

static struct layout *add(struct layouts *layouts, const struct reference *name, char *path)
{
	struct layout *layout = arena_new_of(layouts->arena, struct layout);
	if (!layout)
		return NULL;
	*layout = (struct layout){.layouts = layouts, .path = path};
	find_root(layouts, layout);
	if (layout_name_archived(name->host) && !find_archive(layouts, layout, name))
		return NULL;
	if (!map_put(&layouts->table, str_of(path), layout))
		return NULL;
	pthread_mutex_init(&layout->lock, NULL);
	pthread_mutex_init(&layout->queue.lock, NULL);
	cond_init(&layout->queue.changed);
	return layout;
}

struct layout *layouts_at(struct layouts *layouts, const struct reference *name)
{
	pthread_mutex_lock(&layouts->lock);
	char *path = layout_name_folder(layouts->arena, name);
	struct layout *layout = path ? map_get(&layouts->table, str_of(path)) : NULL;
	if (path && !layout)
		layout = add(layouts, name, path);
	pthread_mutex_unlock(&layouts->lock);
	return layout;
}

struct layout *layouts_item(const struct layouts *layouts, size_t number)
{
	return number < layouts->table.count ? layouts->table.entries[number].value : NULL;
}

struct archive *layouts_archive(const struct layouts *layouts, size_t number)
{
	return number < layouts->archives.count ? layouts->archives.entries[number].value : NULL;
}

const void *layouts_party(struct layouts *layouts, const char *host)
{
	pthread_mutex_lock(&layouts->lock);
	char *party = map_get(&layouts->parties, str_of(host));
	if (!party) {
		party = arena_string(layouts->arena, host);
		if (party && !map_put(&layouts->parties, str_of(host), party))
			party = NULL;
	}
	pthread_mutex_unlock(&layouts->lock);
	return party;
}

struct layout *layouts_written(struct layouts *layouts, size_t *next)
{
	struct layout *found = NULL;
	pthread_mutex_lock(&layouts->lock);
	while (*next < layouts->table.count && !found) {
		struct layout *layout = layouts->table.entries[(*next)++].value;
		if (!layout->archive && layout->root && layout->root->written)
			found = layout;
	}
	pthread_mutex_unlock(&layouts->lock);
	return found;
}
