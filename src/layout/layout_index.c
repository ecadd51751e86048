/*
 * The index belongs to others even where this program adds to it: entries that it does not know,
 * annotations and unknown members keep their exact text.
 *
 * A repository may have tens of thousands of tags, so nothing here walks over all entries for one
 * of them: those that share a tag or a digest are linked. An entry that is removed stays where it
 * is, and is only no part of the versions that follow.
 */
#include "layout/layout_index.h"

#include "base/utf8.h"
#include "doc/json.h"
#include "doc/json_writer.h"
#include "layout/layout_cut.h"
#include "oci/digest.h"
#include "oci/reference.h"

#include <limits.h>
#include <string.h>

#define WHOLE_NAME "io.containerd.image.name"
#define REF_NAME "org.opencontainers.image.ref.name"

/* Numbers of entries + 1. */
struct layout_chain {
	size_t first, last;
};

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
		.until = UINT_MAX,
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

/* Reads the document around the list, in which there is to be one list of that name. */
static bool read_rest(struct arena *arena, const struct layout_index *index,
		      const struct node **out, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	buf_add_str(&text, index->before);
	buf_add_string(&text, "[]");
	buf_add_str(&text, index->after);
	const char *copy = buf_ok(&text) ? arena_copy(arena, text.at, text.len) : NULL;
	if (!copy)
		return error_memory(err);
	if (!json_read_foreign(arena, (struct str){copy, text.len}, out, err))
		return false;
	const struct node *list = node_get(*out, "manifests");
	return (list && list->kind == NODE_LIST) ||
	       error_set(err, ERROR_CORRUPT, "it has several lists of manifests");
}

struct str layout_index_annotation(struct arena *arena, struct str text, const char *name)
{
	struct layout_index index = {0};
	struct layout_cut cut;
	const struct node *root;
	struct error ignored;
	if (!layout_cut(text, &cut))
		return (struct str){0};
	index.before = cut.before;
	index.after = cut.after;
	return read_rest(arena, &index, &root, &ignored)
		       ? node_string(node_get(node_get(root, "annotations"), name))
		       : (struct str){0};
}

/* Reads one entry, and checks that it is JSON. */
static bool read_piece(struct arena *arena, struct str text, struct layout_entry *out,
		       struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct node *node;
	if (!scratch)
		return error_memory(err);
	/* At its beginning a document may have one, but this is the middle of one. */
	if (str_starts(text, BYTE_ORDER_MARK))
		return error_set(err, ERROR_CORRUPT, "a byte order mark is no JSON");
	return json_read_foreign(scratch, text, &node, err) &&
	       (read_entry(arena, text, node, out) || error_memory(err));
}

static bool read_list(struct arena *arena, struct str list, struct layout_index *out,
		      struct error *err)
{
	out->room = layout_cut_count(list) + 1;
	out->entries = arena_array(arena, out->room, sizeof(*out->entries));
	if (!out->entries)
		return error_memory(err);
	while (out->count + 1 < out->room) {
		struct str text = layout_cut_entry(&list);
		if (!read_piece(arena, text, &out->entries[out->count], err))
			return error_wrap(err, "manifest number %zu", out->count + 1);
		out->count++;
	}
	return true;
}

/* What cannot be cut is no JSON, or has no list; which of these, reading all of it says. */
static bool refuse(struct arena *scratch, struct str text, struct error *err)
{
	const struct node *root;
	return json_read_foreign(scratch, text, &root, err) &&
	       error_set(err, ERROR_CORRUPT, "it has no list of manifests");
}

bool layout_index_read(struct arena *arena, struct str text, struct layout_index *out,
		       struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	struct layout_cut cut;
	const struct node *root;
	*out = (struct layout_index){.before = text};
	if (!scratch)
		return error_memory(err);
	bool whole = layout_cut(text, &cut);
	if (whole) {
		out->before = cut.before;
		out->after = cut.after;
	}
	bool ok =
		whole ? read_rest(scratch, out, &root, err) && read_list(arena, cut.list, out, err)
		      : refuse(scratch, text, err);
	if (!ok && err->kind == ERROR_CONFIG)
		err->kind = ERROR_CORRUPT;
	return ok;
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

static bool is_in(const struct layout_entry *entry, unsigned version)
{
	return entry->since <= version && version < entry->until;
}

const struct layout_entry *layout_index_each(const struct layout_index *index, size_t *next)
{
	while (*next < index->count) {
		const struct layout_entry *entry = &index->entries[(*next)++];
		if (is_in(entry, index->version))
			return entry;
	}
	return NULL;
}

/* The number + 1 of the first entry with that tag or digest, of whatever version; 0: none. */
static size_t first_of(const struct layout_index *index, const char *key)
{
	const struct layout_chain *chain = map_get(&index->chains, str_of(key));
	return chain ? chain->first : 0;
}

const struct layout_entry *layout_index_find(const struct layout_index *index, unsigned version,
					     const char *tag, struct error *err)
{
	struct layout_candidate exact = {NULL, NULL}, whole = {NULL, NULL};
	const struct layout_entry *entry;
	err->kind = ERROR_NONE;
	for (size_t i = first_of(index, tag); i; i = entry->same_tag) {
		entry = &index->entries[i - 1];
		if (entry->tag && is_in(entry, version))
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

const struct layout_entry *layout_index_digest(const struct layout_index *index, unsigned version,
					       const char *digest)
{
	const struct layout_entry *entry;
	for (size_t i = first_of(index, digest); i; i = entry->same_digest) {
		entry = &index->entries[i - 1];
		if (is_in(entry, version))
			return entry;
	}
	return NULL;
}

const struct layout_entry *layout_index_only(const struct layout_index *index)
{
	struct layout_candidate only = {NULL, NULL};
	const struct layout_entry *entry;
	size_t next = 0;
	while ((entry = layout_index_each(index, &next))) {
		if (entry->name)
			return NULL;
		if (entry->digest)
			consider(&only, entry);
	}
	return only.other ? NULL : only.found;
}

/* --- the chains ----------------------------------------------------------------------------- */

/*
 * The chain with that key, which outlives the index; it is made where there is none. A tag has no
 * colon, so none is a digest. NULL without memory.
 */
static struct layout_chain *chain_at(struct arena *arena, struct layout_index *index,
				     const char *key)
{
	struct layout_chain *chain = map_get(&index->chains, str_of(key));
	if (chain)
		return chain;
	chain = arena_new_of(arena, struct layout_chain);
	if (!chain)
		return NULL;
	*chain = (struct layout_chain){0, 0};
	return map_put(&index->chains, str_of(key), chain) ? chain : NULL;
}

/* What an entry of that name replaces; NULL: no tag is called so. */
static const char *tag_key(const struct layout_entry *entry)
{
	bool tag = entry->tag || (entry->name && reference_tag_valid(str_of(entry->name)));
	return !tag ? NULL : entry->tag ? entry->tag : entry->name;
}

/* Links the entry of that number behind those that share its tag, or its digest. */
static bool link_entry(struct arena *arena, struct layout_index *index, size_t number)
{
	struct layout_entry *entry = &index->entries[number];
	struct layout_chain *tag = NULL, *digest = NULL;
	const char *key = tag_key(entry);
	if (key && !(tag = chain_at(arena, index, key)))
		return false;
	if (entry->digest && !(digest = chain_at(arena, index, entry->digest)))
		return false;
	if (tag)
		*(tag->last ? &index->entries[tag->last - 1].same_tag : &tag->first) = number + 1;
	if (digest)
		*(digest->last ? &index->entries[digest->last - 1].same_digest : &digest->first) =
			number + 1;
	if (tag)
		tag->last = number + 1;
	if (digest)
		digest->last = number + 1;
	return true;
}

bool layout_index_sort(struct arena *arena, struct layout_index *index)
{
	index->chains.borrows = true;
	for (size_t i = 0; i < index->count; i++)
		if (!link_entry(arena, index, i))
			return false;
	return true;
}

void layout_index_finish(struct layout_index *index)
{
	map_finish(&index->chains);
}

/* --- changes -------------------------------------------------------------------------------- */

/* The array doubles, so that all its former ones together take no more than the last. */
static bool make_room(struct arena *arena, struct layout_index *index)
{
	if (index->count < index->room)
		return true;
	size_t room = 2 * (index->count + 1);
	struct layout_entry *entries = arena_array(arena, room, sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < index->count; i++)
		entries[i] = index->entries[i];
	index->entries = entries;
	index->room = room;
	return true;
}

/* Removes the entries called name, but for the one of that number. */
static void remove_named(struct layout_index *index, const char *name, size_t keep)
{
	struct layout_entry *entry;
	for (size_t i = first_of(index, name); i; i = entry->same_tag) {
		entry = &index->entries[i - 1];
		if (i != keep + 1 && is_in(entry, index->version + 1) &&
		    strcmp(entry->name, name) == 0)
			entry->until = index->version + 1;
	}
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
	if (!read_entry(arena, text, node, &new) || !make_room(arena, index))
		return error_memory(err);
	new.since = index->version + 1;
	index->entries[index->count] = new;
	if (!link_entry(arena, index, index->count))
		return error_memory(err);
	if (name)
		remove_named(index, name, index->count);
	index->count++;
	index->changed = true;
	return true;
}

bool layout_index_drop(struct layout_index *index, const char *reference)
{
	bool digest = strchr(reference, ':') != NULL, found = false;
	struct layout_entry *entry;
	for (size_t i = first_of(index, reference); i;
	     i = digest ? entry->same_digest : entry->same_tag) {
		entry = &index->entries[i - 1];
		if ((digest ? entry->name != NULL : !entry->tag) ||
		    !is_in(entry, index->version + 1))
			continue;
		entry->until = index->version + 1;
		found = true;
	}
	index->changed |= found;
	return found;
}

void layout_index_commit(struct layout_index *index)
{
	index->version++;
	index->changed = false;
}

void layout_index_undo(struct layout_index *index)
{
	for (size_t i = 0; index->changed && i < index->count; i++) {
		struct layout_entry *entry = &index->entries[i];
		if (entry->until == index->version + 1)
			entry->until = UINT_MAX;
		if (entry->since == index->version + 1)
			entry->until = 0;
	}
	index->changed = false;
}

void layout_index_write(const struct layout_index *index, struct buf *out)
{
	bool first = true;
	buf_add_str(out, index->before);
	buf_add_char(out, '[');
	for (size_t i = 0; i < index->count; i++) {
		if (!is_in(&index->entries[i], index->version + 1))
			continue;
		if (!first)
			buf_add_char(out, ',');
		first = false;
		buf_add_str(out, index->entries[i].text);
	}
	buf_add_char(out, ']');
	buf_add_str(out, index->after);
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
