/*
 * The index belongs to others even where this program adds to it: entries that it does not know,
 * annotations and unknown members keep their exact text.
 */
#include "layout/layout_index.h"

#include "doc/json.h"
#include "doc/json_writer.h"
#include "oci/digest.h"
#include "oci/reference.h"

#include <string.h>

#define WHOLE_NAME "io.containerd.image.name"
#define REF_NAME "org.opencontainers.image.ref.name"

struct str layout_index_empty(void)
{
	return STR("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
		   "\"manifests\":[]}");
}

struct str layout_index_marker(void)
{
	return STR("{\"imageLayoutVersion\":\"1.0.0\"}");
}

static const char *text_of(struct arena *arena, const struct node *entry, const char *name)
{
	struct str text = node_string(node_get(entry, name));
	return arena_copy(arena, text.at ? text.at : "", text.len);
}

/* The tag of a name that is a tag, or the whole name of an image; NULL: it is neither. */
static const char *tag_of(struct arena *arena, const char *name)
{
	const char *colon = strrchr(name, ':');
	if (reference_tag_valid(str_of(name)))
		return name;
	return colon && reference_tag_valid(str_of(colon + 1)) ? arena_string(arena, colon + 1)
							       : NULL;
}

static bool read_entry(struct arena *arena, struct str text, const struct node *node,
		       struct layout_entry *out)
{
	struct str name = node_string(node_get(node_get(node, "annotations"), REF_NAME));
	struct str digest = node_string(node_get(node, "digest"));
	*out = (struct layout_entry){
		.media_type = text_of(arena, node, "mediaType"),
		.text = str_head(str_from(text, node->source_at), node->source_len)};
	if (!node_int64(node_get(node, "size"), &out->size))
		out->size = -1;
	struct str whole = node_string(node_get(node_get(node, "annotations"), WHOLE_NAME));
	if (whole.len)
		out->whole = arena_copy(arena, whole.at, whole.len);
	if (name.len)
		out->name = arena_copy(arena, name.at, name.len);
	if (!digest_valid(digest))
		return out->media_type && (!name.len || out->name);
	out->digest = arena_copy(arena, digest.at, digest.len);
	if (out->name)
		out->tag = tag_of(arena, out->name);
	return out->digest && out->media_type && (!name.len || out->name);
}

bool layout_index_read(struct arena *arena, struct str text, struct layout_index *out,
		       struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct node *root;
	*out = (struct layout_index){.before = text};
	if (!scratch)
		return error_memory(err);
	if (!json_read_foreign(scratch, text, &root, err)) {
		err->kind = err->kind == ERROR_CONFIG ? ERROR_CORRUPT : err->kind;
		return false;
	}
	const struct node *list = node_get(root, "manifests");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "it has no list of manifests");
	out->before = str_head(text, list->source_at);
	out->after = str_from(text, list->source_at + list->source_len);
	out->room = list->count + 1;
	out->entries = arena_array(arena, out->room, sizeof(*out->entries));
	if (!out->entries)
		return error_memory(err);
	for (size_t i = 0; i < list->count; i++)
		if (!read_entry(arena, text, list->items[i], &out->entries[out->count++]))
			return error_memory(err);
	return true;
}

/* The part of a whole name before its tag; NULL: it is none. */
static const char *path_of(struct arena *arena, const char *name, const char *tag)
{
	size_t len = strlen(name), end = len > strlen(tag) ? len - strlen(tag) : 0;
	bool tagged = end && name[end - 1] == ':' && strcmp(name + end, tag) == 0;
	return tagged ? arena_copy(arena, name, end - 1) : NULL;
}

const char *layout_index_path(struct arena *arena, const struct layout_entry *entry)
{
	const char *path = entry->tag ? path_of(arena, entry->name, entry->tag) : NULL;
	return path || !entry->tag || !entry->whole ? path
						    : path_of(arena, entry->whole, entry->tag);
}

/* The image that entries of a kind have in common. */
struct layout_candidate {
	const struct layout_entry *found, *other;
};

static void consider(struct layout_candidate *candidate, const struct layout_entry *entry)
{
	if (!candidate->found)
		candidate->found = entry;
	else if (strcmp(candidate->found->digest, entry->digest) != 0)
		candidate->other = entry;
}

const struct layout_entry *layout_index_find(const struct layout_index *index, const char *tag,
					     struct error *err)
{
	struct layout_candidate exact = {NULL, NULL}, whole = {NULL, NULL};
	err->kind = ERROR_NONE;
	for (size_t i = 0; i < index->count; i++) {
		const struct layout_entry *entry = &index->entries[i];
		if (entry->tag && strcmp(entry->tag, tag) == 0)
			consider(entry->tag == entry->name ? &exact : &whole, entry);
	}
	const struct layout_candidate *best = exact.found ? &exact : &whole;
	if (!best->other)
		return best->found;
	error_set(err, ERROR_UNSUPPORTED,
		  "index.json has two images for the tag %s: name the one that is meant by its "
		  "digest, %s or %s",
		  tag, best->found->digest, best->other->digest);
	return NULL;
}

const struct layout_entry *layout_index_digest(const struct layout_index *index, const char *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (index->entries[i].digest && strcmp(index->entries[i].digest, digest) == 0)
			return &index->entries[i];
	return NULL;
}

const struct layout_entry *layout_index_only(const struct layout_index *index)
{
	struct layout_candidate only = {NULL, NULL};
	for (size_t i = 0; i < index->count; i++) {
		if (index->entries[i].name)
			return NULL;
		if (index->entries[i].digest)
			consider(&only, &index->entries[i]);
	}
	return only.other ? NULL : only.found;
}

/* The array doubles, so that all its former ones together take no more than the last. */
static bool make_room(struct arena *arena, struct layout_index *index, size_t count)
{
	if (count <= index->room)
		return true;
	struct layout_entry *entries = arena_array(arena, 2 * count, sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < index->count; i++)
		entries[i] = index->entries[i];
	index->entries = entries;
	index->room = 2 * count;
	return true;
}

bool layout_index_copy(struct arena *arena, const struct layout_index *index,
		       struct layout_index *out)
{
	if (!make_room(arena, out, index->count))
		return false;
	for (size_t i = 0; i < index->count; i++)
		out->entries[i] = index->entries[i];
	out->changed = false;
	out->count = index->count;
	out->before = index->before;
	out->after = index->after;
	return true;
}

static void remove_named(struct layout_index *index, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < index->count; i++)
		if (!index->entries[i].name || strcmp(index->entries[i].name, name) != 0)
			index->entries[count++] = index->entries[i];
	index->count = count;
}

bool layout_index_add(struct arena *arena, struct layout_index *index, const char *name,
		      struct str entry, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const char *copy = scratch ? arena_copy(arena, entry.at, entry.len) : NULL;
	struct str text = {copy, entry.len};
	const struct node *node;
	struct layout_entry new;
	if (!copy)
		return error_memory(err);
	if (!json_read_foreign(scratch, text, &node, err))
		return false;
	if (!read_entry(arena, text, node, &new) || !make_room(arena, index, index->count + 1))
		return error_memory(err);
	if (name)
		remove_named(index, name);
	index->entries[index->count++] = new;
	index->changed = true;
	return true;
}

void layout_index_write(const struct layout_index *index, struct buf *out)
{
	buf_add_str(out, index->before);
	buf_add_char(out, '[');
	for (size_t i = 0; i < index->count; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_str(out, index->entries[i].text);
	}
	buf_add_char(out, ']');
	buf_add_str(out, index->after);
}

static bool is_dropped(const struct layout_entry *entry, const char *reference)
{
	if (strchr(reference, ':'))
		return !entry->name && entry->digest && strcmp(entry->digest, reference) == 0;
	return entry->tag && strcmp(entry->tag, reference) == 0;
}

bool layout_index_drop(struct layout_index *index, const char *reference)
{
	size_t count = 0, before = index->count;
	for (size_t i = 0; i < before; i++)
		if (!is_dropped(&index->entries[i], reference))
			index->entries[count++] = index->entries[i];
	index->count = count;
	index->changed |= count < before;
	return count < before;
}

void layout_index_describe(const char *media_type, const char *digest, int64_t size,
			   const char *name, const char *whole, struct buf *out)
{
	struct json_writer writer = {.out = out, .compact = true};
	json_writer_open_object(&writer);
	json_writer_name(&writer, "mediaType");
	json_writer_string(&writer, media_type);
	json_writer_name(&writer, "digest");
	json_writer_string(&writer, digest);
	json_writer_name(&writer, "size");
	json_writer_int(&writer, size);
	if (name) {
		json_writer_name(&writer, "annotations");
		json_writer_open_object(&writer);
		if (whole) {
			json_writer_name(&writer, WHOLE_NAME);
			json_writer_string(&writer, whole);
		}
		json_writer_name(&writer, REF_NAME);
		json_writer_string(&writer, name);
		json_writer_close_object(&writer);
	}
	json_writer_close_object(&writer);
}
