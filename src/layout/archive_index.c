/*
 * Entries are sorted into the repositories by one walk. The fallback tags of referrers are names
 * like others: "team/app:sha256-...".
 */
#include "layout/archive_index.h"

#include "layout/archive.h"

void archive_index_init(struct archive_index *index)
{
	*index = (struct archive_index){.arena = NULL};
	pthread_mutex_init(&index->lock, NULL);
}

void archive_index_finish(struct archive_index *index)
{
	map_finish(&index->paths);
	pthread_mutex_destroy(&index->lock);
	arena_free(&index->arena);
}

static void append(struct archive_index *index, struct archive_part *part, size_t number)
{
	if (part->last)
		index->next[part->last - 1] = number + 1;
	else
		part->first = number + 1;
	part->last = number + 1;
	part->count++;
}

/* False without memory. */
static bool sort(struct archive_index *index, struct arena *arena, size_t number)
{
	const struct layout_entry *entry = &index->all.entries[number];
	const char *path = layout_index_path(arena, entry);
	if (!entry->name && entry->digest)
		append(index, &index->unnamed, number);
	if (!path)
		return true;
	struct archive_part *part = map_get(&index->paths, str_of(path));
	if (!part) {
		part = arena_new_of(arena, struct archive_part);
		if (!part || !map_put(&index->paths, str_of(path), part))
			return false;
	}
	append(index, part, number);
	return true;
}

static bool read_all(struct archive_index *index, struct archive *archive, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text;
	if (!arena)
		return error_memory(err);
	if (!archive_member(archive, "index.json", arena, &text, err))
		return error_wrap(err, "it is no archive of an OCI image layout");
	if (!layout_index_read(arena, text, &index->all, err))
		return false;
	map_finish(&index->paths);
	index->unnamed = (struct archive_part){0};
	index->next = arena_array(arena, index->all.count + 1, sizeof(*index->next));
	for (size_t i = 0; i < index->all.count; i++)
		if (!index->next || !sort(index, arena, i))
			return error_memory(err);
	index->arena = arena;
	arena = NULL;
	return true;
}

/* Joins the entries of two parts in their order; one that is not there has none. */
static bool join(const struct archive_index *index, const struct archive_part *part,
		 struct arena *arena, struct layout_index *out, struct error *err)
{
	size_t own = part ? part->first : 0, other = index->unnamed.first;
	*out = index->all;
	out->room = (part ? part->count : 0) + index->unnamed.count + 1;
	out->count = 0;
	out->entries = arena_array(arena, out->room, sizeof(*out->entries));
	if (!out->entries)
		return error_memory(err);
	while (own || other) {
		size_t *from = own && (!other || own < other) ? &own : &other;
		struct layout_entry *entry = &out->entries[out->count++];
		*entry = index->all.entries[*from - 1];
		entry->name = entry->tag;
		*from = index->next[*from - 1];
	}
	return true;
}

static bool copy(const struct archive_index *index, struct arena *arena, struct layout_index *out,
		 struct error *err)
{
	*out = index->all;
	out->entries =
		arena_records(arena, index->all.entries, index->all.room * sizeof(*out->entries));
	return out->entries || error_memory(err);
}

bool archive_index_choose(struct archive *archive, const char *path, struct arena *arena,
			  struct layout_index *out, struct error *err)
{
	struct archive_index *index = archive_index_of(archive);
	*out = (struct layout_index){0};
	pthread_mutex_lock(&index->lock);
	bool ok = index->arena || read_all(index, archive, err);
	if (ok && *path)
		ok = join(index, map_get(&index->paths, str_of(path)), arena, out, err);
	else if (ok)
		ok = copy(index, arena, out, err);
	pthread_mutex_unlock(&index->lock);
	return ok;
}
