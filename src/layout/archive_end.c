/*
 * Images are in the order of their repositories, then in that in which they came, so that the same
 * images give the same bytes.
 *
 * An image is called by its repository and tag; beside that stands the name that containerd and
 * docker would give it. docker reads one image for each name: of an index it gets the one for
 * linux/amd64, else the first.
 */
#include "layout/archive_end.h"

#include "base/log.h"
#include "doc/json_writer.h"
#include "doc/node.h"
#include "layout/archive.h"
#include "layout/archive_base.h"
#include "oci/manifest.h"

#include <stdlib.h>
#include <string.h>

/* What is left to write of one archive. */
struct ending {
	struct archive *archive;
	struct arena *arena;
	const struct layout **layouts; /* those in it, sorted */
	size_t count;
	struct error *err;
};

static int compare(const void *a, const void *b)
{
	const struct layout *const *left = a, *const *right = b;
	return strcmp((*left)->inside, (*right)->inside);
}

static bool gather(const struct layouts *layouts, struct ending *ending)
{
	const struct layout *layout;
	size_t most = 0;
	while (layouts_item(layouts, most))
		most++;
	ending->layouts = arena_array(ending->arena, most + 1, sizeof(*ending->layouts));
	if (!ending->layouts)
		return error_memory(ending->err);
	for (size_t i = 0; (layout = layouts_item(layouts, i)); i++)
		if (layout->archive == ending->archive && layout->known)
			ending->layouts[ending->count++] = layout;
	qsort(ending->layouts, ending->count, sizeof(*ending->layouts), compare);
	return true;
}

static bool is_empty(const struct ending *ending)
{
	for (size_t i = 0; i < ending->count; i++)
		if (layout_index_each(&ending->layouts[i]->index, &(size_t){0}))
			return false;
	return true;
}

/* "team/app:v1", or the tag alone. NULL: the entry has no name, or there is no memory. */
static const char *full_name(struct arena *arena, const struct layout *layout,
			     const struct layout_entry *entry)
{
	if (!entry->name)
		return NULL;
	return *layout->inside ? arena_printf(arena, "%s:%s", layout->inside, entry->name)
			       : entry->name;
}

/* --- index.json ----------------------------------------------------------------------------- */

/* What containerd calls the image; *out NULL: it could not call it that. False without memory. */
static bool containerd_name(struct arena *arena, const struct layout *layout, const char *name,
			    const char **out, struct error *err)
{
	struct reference ref;
	*out = NULL;
	if (!*layout->inside || strstr(name, ":sha256-"))
		return true;
	if (!reference_parse(arena, str_of(name), &ref, err))
		return err->kind != ERROR_MEMORY;
	*out = reference_string(arena, &ref);
	return *out || error_memory(err);
}

static bool add_entry(const struct ending *ending, const struct layout *layout,
		      const struct layout_entry *entry, struct buf *out)
{
	const char *name = full_name(ending->arena, layout, entry), *whole;
	if (!entry->name) {
		buf_add_str(out, entry->text);
		return true;
	}
	if (!name)
		return error_memory(ending->err);
	if (!containerd_name(ending->arena, layout, name, &whole, ending->err))
		return false;
	layout_index_describe(entry->media_type, entry->digest, entry->size, name, whole, out);
	return true;
}

/* Which archives the other side has to have. */
static void add_base(const struct archive_base *base, struct buf *out)
{
	struct json_writer writer = {.out = out, .compact = true};
	if (!base)
		return;
	buf_add_string(out, ",\"annotations\":");
	json_writer_open_object(&writer);
	json_writer_name(&writer, ARCHIVE_BASE_ANNOTATION);
	json_writer_string(&writer, archive_base_names(base));
	json_writer_close_object(&writer);
}

static bool write_index(const struct ending *ending)
{
	scoped(buf_finish) struct buf text = {0};
	struct str empty = layout_index_empty();
	bool first = true;
	/* Without its "]}". */
	buf_add_str(&text, str_head(empty, empty.len - 2));
	for (size_t i = 0; i < ending->count; i++) {
		const struct layout *layout = ending->layouts[i];
		const struct layout_entry *entry;
		size_t next = 0;
		while ((entry = layout_index_each(&layout->index, &next))) {
			buf_add_string(&text, first ? "" : ",");
			first = false;
			if (!add_entry(ending, layout, entry, &text))
				return false;
		}
	}
	buf_add_char(&text, ']');
	add_base(layouts_base(ending->layouts[0]->layouts), &text);
	buf_add_char(&text, '}');
	return buf_ok(&text)
		       ? archive_put(ending->archive, "index.json", buf_str(&text), ending->err)
		       : error_memory(ending->err);
}

/* --- manifest.json -------------------------------------------------------------------------- */

static bool read_manifest(const struct ending *ending, const struct layout *layout,
			  const char *digest, struct arena *arena, struct manifest *out)
{
	struct str bytes;
	return layout_read_blob(layout, digest, MANIFEST_BYTES_MAX, arena, &bytes, ending->err) &&
	       manifest_parse(arena, bytes, (struct str){0}, out, ending->err);
}

static bool is_usual(const struct node *entry)
{
	const struct node *platform = node_get(entry, "platform");
	return str_is(node_string(node_get(platform, "os")), "linux") &&
	       str_is(node_string(node_get(platform, "architecture")), "amd64");
}

/* The digest of the image of an index that docker gets. NULL: none. */
static const char *choose(struct arena *arena, const struct manifest *index)
{
	const struct node *list = node_get(index->document, "manifests");
	const char *first = index->child_count ? index->children[0].digest : NULL;
	for (size_t i = 0; list && i < list->count; i++) {
		struct str digest = node_string(node_get(list->items[i], "digest"));
		if (is_usual(list->items[i]) && digest_valid(digest))
			return arena_copy(arena, digest.at, digest.len);
	}
	return first;
}

static void add_path(struct json_writer *writer, const char *digest)
{
	struct blob_name name;
	json_writer_string(writer, archive_blob_name(digest, &name));
}

static void add_image(struct json_writer *writer, const struct manifest *image, const char *name)
{
	json_writer_open_object(writer);
	json_writer_name(writer, "Config");
	add_path(writer, image->config->digest);
	json_writer_name(writer, "RepoTags");
	json_writer_open_list(writer);
	json_writer_string(writer, name);
	json_writer_close_list(writer);
	json_writer_name(writer, "Layers");
	json_writer_open_list(writer);
	const struct node *layers = node_get(image->document, "layers");
	for (size_t i = 0; layers && i < layers->count; i++) {
		struct str digest = node_string(node_get(layers->items[i], "digest"));
		char text[DIGEST_TEXT_SIZE];
		snprintf(text, sizeof(text), "%.*s", STR_ARGS(digest));
		if (digest_valid(digest))
			add_path(writer, text);
	}
	json_writer_close_list(writer);
	json_writer_close_object(writer);
}

/* True for an image that docker can run: it has a configuration of the kind. */
static bool is_image(const struct manifest *manifest)
{
	struct str type = str_of(manifest->config ? manifest->config->media_type : "");
	return str_is(type, "application/vnd.oci.image.config.v1+json") ||
	       str_is(type, "application/vnd.docker.container.image.v1+json");
}

/* The manifest that docker gets of an entry. False: none, or err is that memory is short. */
static bool find_loadable(const struct ending *ending, const struct layout *layout,
			  const char *digest, struct arena *arena, struct manifest *out)
{
	ending->err->kind = ERROR_NONE;
	if (!read_manifest(ending, layout, digest, arena, out))
		return false;
	if (out->kind != MEDIA_INDEX)
		return is_image(out);
	const char *chosen = choose(arena, out);
	return chosen && read_manifest(ending, layout, chosen, arena, out) && is_image(out);
}

/* Adds the image of an entry, if docker can have it. False without memory. */
static bool add_loadable(const struct ending *ending, const struct layout *layout,
			 const struct layout_entry *entry, struct json_writer *writer)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	const char *name = full_name(ending->arena, layout, entry), *whole;
	if (!entry->name)
		return true;
	if (!arena || !name)
		return error_memory(ending->err);
	if (!containerd_name(arena, layout, name, &whole, ending->err))
		return false;
	if (!whole)
		return true;
	if (find_loadable(ending, layout, entry->digest, arena, &manifest))
		add_image(writer, &manifest, name);
	return ending->err->kind != ERROR_MEMORY;
}

static bool write_docker(const struct ending *ending)
{
	scoped(buf_finish) struct buf text = {0};
	struct json_writer writer = {.out = &text, .compact = true};
	json_writer_open_list(&writer);
	for (size_t i = 0; i < ending->count; i++) {
		const struct layout *layout = ending->layouts[i];
		const struct layout_entry *entry;
		size_t next = 0;
		while ((entry = layout_index_each(&layout->index, &next)))
			if (!add_loadable(ending, layout, entry, &writer))
				return false;
	}
	json_writer_close_list(&writer);
	if (!buf_ok(&text))
		return error_memory(ending->err);
	return text.len <= strlen("[]") ||
	       archive_put(ending->archive, "manifest.json", buf_str(&text), ending->err);
}

/* --- all of it ---------------------------------------------------------------------------- */

bool archive_end_of(struct layouts *layouts, struct archive *archive, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct ending ending = {.archive = archive, .arena = arena, .err = err};
	if (!arena)
		return error_memory(err);
	if (!gather(layouts, &ending))
		return false;
	if (is_empty(&ending)) {
		log_warn("%s is not written: there is no image for it", archive_path(archive));
		return true;
	}
	return write_index(&ending) && write_docker(&ending) &&
	       archive_put(archive, "oci-layout", layout_index_marker(), err) &&
	       archive_finish(archive, err);
}
