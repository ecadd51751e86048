/*
 * Strict about structure, indifferent to content. A document that could be read as an image by one
 * reader and as an index by another is refused, since every reader must see the image that was
 * copied; a structural name in another case or given twice is refused as well. All other bytes may
 * be anything. Absent and null lists are equal, since Go writes either.
 */
#include "oci/manifest.h"

#include "base/map.h"
#include "doc/json.h"
#include "oci/digest.h"
#include "oci/names.h"

#include <pthread.h>
#include <string.h>

/* Longest piece of a foreign text that an error quotes. */
enum { QUOTE_MAX = 160 };

/* The members of a document that decide what it is; NULL where absent or null. */
struct manifest_parts {
	const struct node *media_type, *manifests, *config, *layers, *blobs, *fs_layers, *subject;
	bool has_manifests, has_content; /* present, perhaps as null */
};

static const struct node *member(const struct node *root, const char *name)
{
	const struct node *node = node_get(root, name);
	return node && node->kind != NODE_NULL ? node : NULL;
}

static bool check_kind(const struct node *node, enum node_kind kind, const char *name,
		       struct error *err)
{
	if (!node || node->kind == kind)
		return true;
	return error_set(err, ERROR_CORRUPT, "manifest: \"%s\" is %s", name,
			 node_kind_name(node->kind));
}

static const char *const root_names[] = {
	"mediaType", "manifests", "config",        "layers",       "blobs",
	"fsLayers",  "subject",   "schemaVersion", "artifactType",
};
static const char *const descriptor_names[] = {"mediaType", "digest", "size"};

/*
 * True for the configuration of an image, whose digest may have been confused with the manifest's.
 */
static bool is_config(const struct node *root)
{
	return node_get(root, "rootfs") && node_get(root, "architecture") &&
	       !node_get(root, "layers") && !node_get(root, "manifests");
}

static bool find_parts(const struct node *root, struct manifest_parts *parts, struct error *err)
{
	if (root->kind != NODE_MAP)
		return error_set(err, ERROR_CORRUPT, "manifest is %s, not an object",
				 node_kind_name(root->kind));
	if (is_config(root))
		return error_set(
			err, ERROR_CORRUPT,
			"this is the configuration of an image, not a manifest: is the digest "
			"that of the config?");
	if (!names_check(root, root_names, array_count(root_names), "manifest", err))
		return false;
	*parts = (struct manifest_parts){
		.media_type = member(root, "mediaType"),
		.manifests = member(root, "manifests"),
		.config = member(root, "config"),
		.layers = member(root, "layers"),
		.blobs = member(root, "blobs"),
		.fs_layers = member(root, "fsLayers"),
		.subject = member(root, "subject"),
		.has_manifests = node_get(root, "manifests"),
		.has_content = node_get(root, "config") || node_get(root, "layers") ||
			       node_get(root, "blobs") || node_get(root, "artifactType"),
	};
	int64_t version = 2;
	const struct node *schema = member(root, "schemaVersion");
	if ((schema && node_int64(schema, &version) && version == 1) ||
	    (parts->fs_layers && !parts->has_manifests))
		return error_set(
			err, ERROR_UNSUPPORTED,
			"Docker schema 1 manifest: deprecated, push the image again with a "
			"current tool");
	if (parts->manifests &&
	    (parts->config || parts->layers || parts->blobs || parts->fs_layers))
		return error_set(
			err, ERROR_CORRUPT,
			"manifest is ambiguous: it has both \"manifests\" and the members of an "
			"image (CVE-2021-41190)");
	return check_kind(parts->media_type, NODE_STRING, "mediaType", err) &&
	       check_kind(parts->manifests, NODE_LIST, "manifests", err) &&
	       check_kind(parts->config, NODE_MAP, "config", err) &&
	       check_kind(parts->layers, NODE_LIST, "layers", err) &&
	       check_kind(parts->blobs, NODE_LIST, "blobs", err) &&
	       check_kind(parts->subject, NODE_MAP, "subject", err);
}

/* Types a plain web server gives to any file: they say nothing. */
static bool generic(struct str type)
{
	static const char *const types[] = {"", "application/json", "application/octet-stream",
					    "text/plain"};
	for (size_t i = 0; i < array_count(types); i++)
		if (str_equal_nocase(type, str_of(types[i])))
			return true;
	return false;
}

/* Chooses the document's own type, else the served one; empty when neither is stated. */
static bool choose_type(const struct manifest_parts *parts, struct str content_type,
			struct str *type, struct error *err)
{
	struct str own = media_bare(node_string(parts->media_type));
	struct str served = media_bare(content_type);
	if (own.len && media_kind(served) != MEDIA_OTHER && !str_equal_nocase(own, served))
		return error_set(err, ERROR_CORRUPT,
				 "manifest calls itself %.*s but was served as %.*s",
				 STR_ARGS(str_head(own, QUOTE_MAX)), STR_ARGS(served));
	*type = own.len ? own : generic(served) ? (struct str){0} : served;
	if (type->len && !media_valid(*type))
		return error_set(err, ERROR_CORRUPT, "manifest has an invalid media type: %.*s",
				 STR_ARGS(str_head(*type, QUOTE_MAX)));
	return true;
}

static bool choose_kind(struct arena *arena, const struct manifest_parts *parts, struct str type,
			struct manifest *out, struct error *err)
{
	enum media_kind kind = media_kind(type);
	if (kind == MEDIA_SCHEMA1)
		return error_set(
			err, ERROR_UNSUPPORTED,
			"Docker schema 1 manifest: deprecated, push the image again with a "
			"current tool");
	if (kind == MEDIA_OTHER)
		kind = parts->has_manifests && !parts->config && !parts->layers ? MEDIA_INDEX
										: MEDIA_MANIFEST;
	bool fits = kind == MEDIA_INDEX
			    ? parts->has_manifests && !parts->config && !parts->layers
			    : !parts->manifests && (parts->has_content || parts->subject);
	if (!fits)
		return error_set(err, ERROR_CORRUPT,
				 "%s: its members do not match its media type \"%.*s\"",
				 kind == MEDIA_INDEX ? "index" : "manifest", STR_ARGS(type));
	if (!type.len)
		type = kind == MEDIA_INDEX ? STR("application/vnd.oci.image.index.v1+json")
					   : STR("application/vnd.oci.image.manifest.v1+json");
	out->kind = kind;
	out->media_type = arena_copy(arena, type.at, type.len);
	return out->media_type || error_memory(err);
}

/* True for algorithm:encoded as in the image-spec, for any algorithm. */
static bool digest_shaped(struct str digest)
{
	struct str algorithm = {0};
	str_cut(&digest, ':', &algorithm);
	if (!algorithm.len || !digest.len)
		return false;
	for (size_t i = 0; i < algorithm.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789+._-", algorithm.at[i]))
			return false;
	return !str_is(algorithm, "sha256") && !str_is(algorithm, "sha512");
}

static bool read_digest(struct arena *arena, const struct node *node, const char *where,
			const char **out, struct error *err)
{
	struct str digest = node_string(node_get(node, "digest"));
	struct str shown = str_head(digest, QUOTE_MAX);
	if (!digest_valid(digest) && digest_shaped(digest))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s: digest %.*s cannot be verified here, only sha256 and sha512",
				 where, STR_ARGS(shown));
	if (!digest_valid(digest))
		return error_set(err, ERROR_CORRUPT, "%s: invalid digest \"%.*s\"", where,
				 STR_ARGS(shown));
	*out = arena_copy(arena, digest.at, digest.len);
	return *out || error_memory(err);
}

/* Skips entries that are not text: they are an error only where an address is needed. */
static bool read_urls(struct arena *arena, const struct node *node, struct descriptor *out,
		      struct error *err)
{
	const struct node *list = node_get(node, "urls");
	size_t count = list && list->kind == NODE_LIST ? list->count : 0;
	const char **urls = arena_array(arena, MANIFEST_URLS_MAX, sizeof(*urls));
	if (!urls)
		return error_memory(err);
	for (size_t i = 0; i < count && out->url_count < MANIFEST_URLS_MAX; i++) {
		struct str url = node_string(list->items[i]);
		if (!url.len)
			continue;
		urls[out->url_count] = arena_copy(arena, url.at, url.len);
		if (!urls[out->url_count++])
			return error_memory(err);
	}
	out->urls = urls;
	return true;
}

static bool read_descriptor(struct arena *arena, const struct node *node, const char *where,
			    struct descriptor *out, struct error *err)
{
	if (node->kind != NODE_MAP)
		return error_set(err, ERROR_CORRUPT, "%s: a descriptor is %s, not an object", where,
				 node_kind_name(node->kind));
	if (!names_check(node, descriptor_names, array_count(descriptor_names), where, err))
		return false;
	const struct node *type = member(node, "mediaType");
	struct str text = node_string(type);
	if (type && type->kind != NODE_STRING)
		return error_set(err, ERROR_CORRUPT, "%s: \"mediaType\" is %s", where,
				 node_kind_name(type->kind));
	if (!read_digest(arena, node, where, &out->digest, err))
		return false;
	if (!node_int64(node_get(node, "size"), &out->size))
		return error_set(err, ERROR_CORRUPT, "%s: %s has no valid size", where,
				 out->digest);
	out->nondistributable = media_nondistributable(text);
	if (out->nondistributable && !read_urls(arena, node, out, err))
		return false;
	out->media_type = arena_copy(arena, text.at, text.len);
	return out->media_type || error_memory(err);
}

/* A list of descriptors with each digest once. */
struct collection {
	struct descriptor *items;
	size_t count;
	struct map known; /* digest -> its item */
};

static void collection_finish(struct collection *collection)
{
	map_finish(&collection->known);
}

static bool collect(struct arena *arena, const struct node *node, const char *where,
		    struct collection *into, struct error *err)
{
	struct descriptor *next = &into->items[into->count];
	if (!read_descriptor(arena, node, where, next, err))
		return false;
	struct descriptor *old = map_get(&into->known, str_of(next->digest));
	if (!old) {
		into->count++;
		return map_put(&into->known, str_of(next->digest), next) || error_memory(err);
	}
	if (old->size != next->size)
		return error_set(err, ERROR_CORRUPT, "%s: %s is listed with two different sizes",
				 where, old->digest);
	old->nondistributable = old->nondistributable && next->nondistributable;
	return true;
}

static bool collect_list(struct arena *arena, const struct node *list, const char *where,
			 struct collection *into, struct error *err)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (!collect(arena, list->items[i], where, into, err))
			return false;
	return true;
}

static bool make_room(struct arena *arena, size_t count, const char *what, struct collection *into,
		      struct error *err)
{
	if (count > MANIFEST_CHILDREN_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "manifest with %zu %s: at most %d are accepted", count, what,
				 MANIFEST_CHILDREN_MAX);
	into->items = arena_array(arena, count + 1, sizeof(*into->items));
	return into->items || error_memory(err);
}

static size_t length_of(const struct node *list)
{
	return list ? list->count : 0;
}

static bool read_content(struct arena *arena, const struct manifest_parts *parts,
			 struct manifest *out, struct error *err)
{
	scoped(collection_finish) struct collection blobs = {0};
	scoped(collection_finish) struct collection children = {0};
	size_t count = length_of(parts->layers) + length_of(parts->blobs) + 1;
	if (!make_room(arena, count, "layers", &blobs, err) ||
	    !make_room(arena, length_of(parts->manifests), "entries", &children, err) ||
	    (parts->config && !collect(arena, parts->config, "config", &blobs, err)) ||
	    !collect_list(arena, parts->layers, "layers", &blobs, err) ||
	    !collect_list(arena, parts->blobs, "blobs", &blobs, err) ||
	    !collect_list(arena, parts->manifests, "manifests", &children, err))
		return false;
	out->blobs = blobs.items;
	out->blob_count = blobs.count;
	out->config = parts->config ? &blobs.items[0] : NULL;
	out->children = children.items;
	out->child_count = children.count;
	return !parts->subject ||
	       (names_check(parts->subject, descriptor_names, array_count(descriptor_names),
			    "subject", err) &&
		read_digest(arena, parts->subject, "subject", &out->subject, err));
}

/* Parses a manifest; only the document lives in the arena tree. */
static bool parse(struct arena *arena, struct arena *tree, struct str bytes,
		  struct str content_type, struct manifest *out, struct error *err)
{
	const struct node *root = NULL;
	struct manifest_parts parts = {0};
	struct str type = {0};
	*out = (struct manifest){.bytes = bytes};
	if (bytes.len > MANIFEST_BYTES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "manifest of %zu bytes: at most %d are accepted", bytes.len,
				 MANIFEST_BYTES_MAX);
	if (!json_read_foreign(tree, bytes, &root, err)) {
		if (err->kind == ERROR_CONFIG)
			err->kind = ERROR_CORRUPT;
		return error_wrap(err, "manifest is not valid JSON");
	}
	out->document = root;
	return find_parts(root, &parts, err) && choose_type(&parts, content_type, &type, err) &&
	       choose_kind(arena, &parts, type, out, err) && read_content(arena, &parts, out, err);
}

bool manifest_parse(struct arena *arena, struct str bytes, struct str content_type,
		    struct manifest *out, struct error *err)
{
	return parse(arena, arena, bytes, content_type, out, err);
}

static bool parse_briefly(struct arena *arena, struct str bytes, struct str content_type,
			  struct manifest *out, struct error *err)
{
	scoped(arena_free) struct arena *tree = arena_new();
	bool ok = tree ? parse(arena, tree, bytes, content_type, out, err) : error_memory(err);
	out->document = NULL;
	return ok;
}

bool manifest_closure(struct arena *arena, struct str bytes, struct str content_type,
		      struct manifest *out, struct error *err)
{
	static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;
	bool alone = bytes.len > MANIFEST_LARGE;
	if (alone)
		pthread_mutex_lock(&large);
	bool ok = parse_briefly(arena, bytes, content_type, out, err);
	if (alone)
		pthread_mutex_unlock(&large);
	return ok;
}

bool manifest_keep(struct arena *arena, const struct descriptor *descriptor, struct descriptor *out)
{
	const char **urls = arena_array(arena, descriptor->url_count, sizeof(*urls));
	*out = *descriptor;
	out->media_type = arena_string(arena, descriptor->media_type);
	out->digest = arena_string(arena, descriptor->digest);
	out->urls = urls;
	for (size_t i = 0; urls && i < descriptor->url_count; i++)
		if (!(urls[i] = arena_string(arena, descriptor->urls[i])))
			return false;
	return out->media_type && out->digest && urls;
}

struct str manifest_annotation(const struct manifest *manifest, const char *key)
{
	return node_string(node_get(node_get(manifest->document, "annotations"), key));
}
