/*
 * A list belongs to others even where this program adds to it: existing entries, unknown members
 * and annotations of the index keep their exact text.
 */
#include "oci/referrers.h"

#include "base/buf.h"
#include "doc/node.h"

#include <string.h>

static const char *text_of(struct arena *arena, const struct node *entry, const char *name)
{
	struct str text = node_string(node_get(entry, name));
	return arena_copy(arena, text.at ? text.at : "", text.len);
}

/*
 * Some registries, go-containerregistry's for one, list the type of the config where the manifest
 * has a type of its own; the empty config then says nothing.
 */
static const char *type_of(struct arena *arena, const struct node *entry)
{
	const char *type = text_of(arena, entry, "artifactType");
	return type && strcmp(type, "application/vnd.oci.empty.v1+json") == 0 ? "" : type;
}

static bool read_index(struct arena *arena, struct str bytes, struct manifest *out,
		       struct error *err)
{
	if (!manifest_parse(arena, bytes, (struct str){0}, out, err))
		return false;
	return out->kind == MEDIA_INDEX ||
	       error_set(err, ERROR_CORRUPT, "it is an image, not a list of referrers");
}

static bool add(struct arena *arena, const struct descriptor *child, const struct node *entry,
		struct map *into, struct error *err)
{
	if (map_get(into, str_of(child->digest)))
		return true;
	if (into->count >= REFERRERS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "more than %d referrers", REFERRERS_MAX);
	struct referrer *referrer = arena_new_of(arena, struct referrer);
	if (!referrer)
		return error_memory(err);
	referrer->digest = arena_string(arena, child->digest);
	referrer->media_type = arena_string(arena, child->media_type);
	referrer->artifact_type = type_of(arena, entry);
	return (referrer->digest && referrer->media_type && referrer->artifact_type &&
		map_put(into, str_of(referrer->digest), referrer)) ||
	       error_memory(err);
}

bool referrers_read(struct arena *arena, struct str bytes, struct map *into, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	struct manifest index;
	if (!scratch)
		return error_memory(err);
	if (!read_index(scratch, bytes, &index, err))
		return false;
	const struct node *list = node_get(index.document, "manifests");
	/* Both are in the same order, but a digest that occurs twice is one child. */
	for (size_t i = 0, at = 0; i < index.child_count; i++) {
		while (!str_is(node_string(node_get(list->items[at], "digest")),
			       index.children[i].digest))
			at++;
		if (!add(arena, &index.children[i], list->items[at], into, err))
			return false;
	}
	return true;
}

static const struct node *type_node(const struct manifest *manifest)
{
	const struct node *own = node_get(manifest->document, "artifactType");
	return node_string(own).len ? own
				    : node_get(node_get(manifest->document, "config"), "mediaType");
}

struct str referrers_type(const struct manifest *manifest)
{
	return node_string(type_node(manifest));
}

/* Appends a value of the manifest, in its own text. */
static void add_source(struct buf *out, const struct manifest *manifest, const struct node *node)
{
	buf_add(out, manifest->bytes.at + node->source_at, node->source_len);
}

struct str referrers_describe(struct arena *arena, const struct manifest *manifest,
			      const char *digest)
{
	scoped(buf_finish) struct buf out = buf_limit(MANIFEST_BYTES_MAX);
	const struct node *annotations = node_get(manifest->document, "annotations");
	const struct node *type = type_node(manifest);
	buf_printf(&out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu",
		   manifest->media_type, digest, manifest->bytes.len);
	if (node_string(type).len) {
		buf_add_string(&out, ",\"artifactType\":");
		add_source(&out, manifest, type);
	}
	if (annotations && annotations->kind == NODE_MAP && annotations->count) {
		buf_add_string(&out, ",\"annotations\":");
		add_source(&out, manifest, annotations);
	}
	buf_add_char(&out, '}');
	const char *text = buf_ok(&out) ? arena_copy(arena, out.at, out.len) : NULL;
	return text ? (struct str){text, out.len} : (struct str){0};
}

static void add_descriptors(struct buf *out, const struct str *descriptors, size_t count,
			    bool first)
{
	for (size_t i = 0; i < count; i++) {
		if (!first)
			buf_add_char(out, ',');
		buf_add_str(out, descriptors[i]);
		first = false;
	}
}

static bool add_to_old(struct str old, const struct manifest *index, const struct str *descriptors,
		       size_t count, struct buf *out)
{
	const struct node *list = node_get(index->document, "manifests");
	bool empty = list->kind != NODE_LIST || !list->count;
	size_t end = list->source_at + list->source_len;
	/* A null becomes a list; a list loses its closing bracket, which is added again below. */
	buf_add_str(out, str_head(old, list->kind == NODE_LIST ? end - 1 : list->source_at));
	if (list->kind != NODE_LIST)
		buf_add_char(out, '[');
	add_descriptors(out, descriptors, count, empty);
	buf_add_char(out, ']');
	buf_add_str(out, str_from(old, end));
	return buf_ok(out);
}

static size_t size_of(struct str old, const struct str *descriptors, size_t count)
{
	size_t size = old.len;
	for (size_t i = 0; i < count; i++)
		size += descriptors[i].len + 1;
	return size;
}

bool referrers_append(struct arena *arena, struct str old, const struct str *descriptors,
		      size_t count, struct str *out, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	scoped(buf_finish) struct buf text = buf_limit(MANIFEST_BYTES_MAX);
	struct manifest index;
	if (!scratch)
		return error_memory(err);
	if (size_of(old, descriptors, count) > MANIFEST_BYTES_MAX - 256)
		return error_set(err, ERROR_UNSUPPORTED,
				 "the list of referrers would be larger than %d bytes",
				 MANIFEST_BYTES_MAX);
	if (old.len) {
		if (!read_index(scratch, old, &index, err))
			return false;
		add_to_old(old, &index, descriptors, count, &text);
	} else {
		buf_add_string(&text,
			       "{\"schemaVersion\":2,\"mediaType\":"
			       "\"application/vnd.oci.image.index.v1+json\",\"manifests\":[");
		add_descriptors(&text, descriptors, count, true);
		buf_add_string(&text, "]}");
	}
	if (!buf_ok(&text))
		return error_memory(err);
	*out = (struct str){arena_copy(arena, text.at, text.len), text.len};
	return out->at || error_memory(err);
}
