/* An archive may itself leave out what an older one has; its manifests name all the same. */
#include "layout/archive_base.h"

#include "base/file.h"
#include "base/map.h"
#include "layout/layout_list.h"
#include "oci/digest.h"
#include "oci/layout_name.h"
#include "oci/manifest.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 256 * 1024 * 1024 };

struct archive_base {
	struct arena *arena;
	const char *const *paths;
	size_t count;
	pthread_mutex_t lock;
	bool loaded;
	struct map blobs; /* "REPOSITORY DIGEST" */
};

struct archive_base *archive_base_new(struct arena *arena, const char *const *paths, size_t count)
{
	struct archive_base *base = arena_new_of(arena, struct archive_base);
	if (!base)
		return NULL;
	*base = (struct archive_base){.arena = arena, .paths = paths, .count = count};
	pthread_mutex_init(&base->lock, NULL);
	return base;
}

void archive_base_free(struct archive_base *base)
{
	if (!base)
		return;
	map_finish(&base->blobs);
	pthread_mutex_destroy(&base->lock);
}

const char *archive_base_names(const struct archive_base *base)
{
	const char *names = NULL;
	for (size_t i = 0; i < base->count; i++) {
		const char *slash = strrchr(base->paths[i], '/');
		const char *name = slash ? slash + 1 : base->paths[i];
		names = names ? arena_printf(base->arena, "%s, %s", names, name) : name;
	}
	return names;
}

/* --- what is in it -------------------------------------------------------------------------- */

static bool add_line(struct archive_base *base, struct str line, struct error *err)
{
	return map_put(&base->blobs, line, base) || error_memory(err);
}

/* True for what can be a repository: a damaged list, or an archive of others, may say anything. */
static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			return false;
	return true;
}

static bool add_blob(struct archive_base *base, const char *repository, const char *digest,
		     struct error *err)
{
	scoped(buf_finish) struct buf line = {0};
	if (!is_plain(str_of(repository)))
		return true;
	buf_printf(&line, "%s %s", repository, digest);
	return buf_ok(&line) ? add_line(base, buf_str(&line), err) : error_memory(err);
}

/* Adds the blobs below a manifest; what cannot be read as one names none. */
static bool add_image(struct archive_base *base, const struct layout *layout, const char *digest,
		      int depth, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct str bytes;
	if (!arena)
		return error_memory(err);
	if (depth > MANIFEST_DEPTH_MAX ||
	    !layout_read_blob(layout, digest, MANIFEST_BYTES_MAX, arena, &bytes, err) ||
	    !manifest_closure(arena, bytes, (struct str){0}, &manifest, err))
		return depth > MANIFEST_DEPTH_MAX || err->kind == ERROR_MISSING ||
		       err->kind == ERROR_CORRUPT || err->kind == ERROR_UNSUPPORTED;
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (!add_blob(base, layout->inside, manifest.blobs[i].digest, err))
			return false;
	for (size_t i = 0; i < manifest.child_count; i++)
		if (!add_image(base, layout, manifest.children[i].digest, depth + 1, err))
			return false;
	return true;
}

/* True for an entry of the layout's own repository: the whole archive lists all of them. */
static bool is_own(const struct archive_base *base, const struct layout *layout,
		   const struct layout_entry *entry)
{
	return entry->digest && (*layout->inside || !layout_index_path(base->arena, entry));
}

bool archive_base_add(struct archive_base *base, struct layout *layout, struct error *err)
{
	const struct layout_entry *entry;
	size_t next = 0;
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_refresh(layout, err);
	while (ok && (entry = layout_index_each(&layout->index, &next)))
		if (is_own(base, layout, entry))
			ok = add_image(base, layout, entry->digest, 1, err);
	pthread_mutex_unlock(&layout->lock);
	return ok;
}

/* --- reading -------------------------------------------------------------------------------- */

/* Adds each repository of an archive, and what is in none. */
static bool read_archive(struct archive_base *base, const char *path, struct error *err)
{
	scoped(map_finish) struct map found = {0};
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	const char *text = arena_printf(base->arena, "oci-archive:%s", path);
	struct reference name;
	if (!layouts || !text)
		return error_memory(err);
	if (!layout_name_parse(base->arena, str_of(text), &name, err) ||
	    !layout_list(layouts, &name, true, &found, err))
		return false;
	struct layout *whole = layouts_at(layouts, &name);
	bool ok = whole && archive_base_add(base, whole, err);
	for (size_t i = 0; ok && i < found.count; i++) {
		const struct reference each = {.host = name.host,
					       .repository = found.entries[i].key};
		struct layout *layout = layouts_at(layouts, &each);
		ok = layout ? archive_base_add(base, layout, err) : error_memory(err);
	}
	return ok;
}

/* "REPOSITORY DIGEST"; the repository may be empty. */
static bool read_line(struct archive_base *base, struct str line, struct error *err)
{
	size_t blank = line.len;
	while (blank && line.at[blank - 1] != ' ')
		blank--;
	if (!blank || !digest_valid(str_from(line, blank)) || !is_plain(str_head(line, blank - 1)))
		return error_set(err, ERROR_CONFIG,
				 "it is neither an archive (.tar) nor a list of --output-blobs: "
				 "\"%.*s\"",
				 STR_ARGS(str_head(line, 80)));
	return add_line(base, line, err);
}

static bool read_list(struct archive_base *base, const char *path, struct error *err)
{
	scoped(buf_finish) struct buf text = buf_limit(LIST_MAX);
	if (!file_read(path, &text, err))
		return false;
	struct str rest = buf_str(&text), line;
	while (str_cut(&rest, '\n', &line))
		if (line.len && !read_line(base, line, err))
			return error_wrap(err, "%s", path);
	return true;
}

static bool load(struct archive_base *base, struct error *err)
{
	for (size_t i = 0; i < base->count; i++) {
		bool archive = str_ends(str_of(base->paths[i]), ".tar");
		if (archive ? read_archive(base, base->paths[i], err)
			    : read_list(base, base->paths[i], err))
			continue;
		if (err->kind == ERROR_CONFIG || err->kind == ERROR_MISSING)
			err->kind = ERROR_IO;
		return error_wrap(err, "--since-archive");
	}
	return true;
}

bool archive_base_load(struct archive_base *base, struct error *err)
{
	pthread_mutex_lock(&base->lock);
	base->loaded = base->loaded || load(base, err);
	bool ok = base->loaded;
	pthread_mutex_unlock(&base->lock);
	return ok;
}

bool archive_base_has(struct archive_base *base, const char *repository, const char *digest)
{
	scoped(buf_finish) struct buf line = {0};
	buf_printf(&line, "%s %s", repository, digest);
	return buf_ok(&line) && map_get(&base->blobs, buf_str(&line));
}

/* --- the list ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool archive_base_print(const struct archive_base *base, struct buf *out)
{
	size_t count = base->blobs.count;
	const char **lines = arena_array(base->arena, count + 1, sizeof(*lines));
	if (!lines)
		return false;
	for (size_t i = 0; i < count; i++)
		lines[i] = base->blobs.entries[i].key;
	qsort(lines, count, sizeof(*lines), compare);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s\n", lines[i]);
	return buf_ok(out);
}
