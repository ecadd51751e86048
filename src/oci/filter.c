/*
 * The document is never rebuilt: its text is copied from beginning to end, except at the few places
 * that change. The text before an entry that stays is kept with it, so that an indented index
 * remains indented.
 */
#include "oci/filter.h"

#include "base/base64.h"
#include "base/map.h"
#include "doc/json_writer.h"
#include "doc/node.h"
#include "oci/names.h"

#include <string.h>

/* --- judging --------------------------------------------------------------------------------- */

static const char attested_key[] = "vnd.docker.reference.digest";

/* A filter must read an entry as every other reader does. */
static bool check_entry(const struct node *entry, struct error *err)
{
	static const char *const of_entry[] = {"platform", "annotations"};
	static const char *const of_platform[] = {"os", "os.version", "architecture", "variant"};
	static const char *const of_annotations[] = {attested_key};
	return names_check(entry, of_entry, array_count(of_entry), "manifests", err) &&
	       names_check(node_get(entry, "platform"), of_platform, array_count(of_platform),
			   "platform", err) &&
	       names_check(node_get(entry, "annotations"), of_annotations,
			   array_count(of_annotations), "annotations", err);
}

static struct platform platform_of(const struct node *entry)
{
	const struct node *node = node_get(entry, "platform");
	return (struct platform){
		.os = node_string(node_get(node, "os")),
		.os_version = node_string(node_get(node, "os.version")),
		.architecture = node_string(node_get(node, "architecture")),
		.variant = node_string(node_get(node, "variant")),
	};
}

static bool stated(const struct platform *platform)
{
	return platform->os.len || platform->os_version.len || platform->architecture.len ||
	       platform->variant.len;
}

/*
 * The digest of the image that an attestation of BuildKit is about; such an entry has no platform.
 */
static struct str attested(const struct node *entry, const struct platform *platform)
{
	if (!str_is(platform->os, "unknown") || !str_is(platform->architecture, "unknown"))
		return (struct str){0};
	return node_string(node_get(node_get(entry, "annotations"), attested_key));
}

static enum filter_verdict judge(const struct filter_entry *entry,
				 const struct platform_filter *filter)
{
	if (!stated(&entry->platform) && media_kind(str_of(entry->media_type)) == MEDIA_INDEX)
		return FILTER_OPEN;
	return platform_matches(filter, &entry->platform) ? FILTER_KEEP : FILTER_DROP;
}

static bool read_entry(struct arena *arena, const struct node *node,
		       const struct platform_filter *filter, struct filter_entry *out,
		       struct error *err)
{
	struct str digest = node_string(node_get(node, "digest"));
	struct str type = node_string(node_get(node, "mediaType"));
	if (!check_entry(node, err))
		return false;
	*out = (struct filter_entry){.node = node, .platform = platform_of(node)};
	struct str subject = attested(node, &out->platform);
	out->digest = arena_copy(arena, digest.at, digest.len);
	out->media_type = arena_copy(arena, type.at, type.len);
	out->attests = subject.len ? arena_copy(arena, subject.at, subject.len) : NULL;
	if (!out->digest || !out->media_type || (subject.len && !out->attests))
		return error_memory(err);
	out->verdict = out->attests ? FILTER_DROP : judge(out, filter);
	out->total = !out->attests;
	out->kept = out->verdict == FILTER_DROP ? 0 : out->total;
	return true;
}

bool filter_read(struct arena *arena, const struct manifest *manifest,
		 const struct platform_filter *filter, struct filter_index *out, struct error *err)
{
	const struct node *list = node_get(manifest->document, "manifests");
	size_t count = list && list->kind == NODE_LIST ? list->count : 0;
	*out = (struct filter_index){.manifest = manifest, .count = count};
	out->entries = arena_array(arena, count + 1, sizeof(*out->entries));
	if (!out->entries)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!read_entry(arena, list->items[i], filter, &out->entries[i], err))
			return false;
	return true;
}

void filter_keep(struct filter_entry *entry, size_t kept, size_t total)
{
	entry->verdict = FILTER_KEEP;
	entry->kept = kept;
	entry->total = total;
}

void filter_drop(struct filter_entry *entry, size_t total)
{
	entry->verdict = FILTER_DROP;
	entry->kept = 0;
	entry->total = total;
}

void filter_replace(struct filter_entry *entry, const char *digest, struct str bytes, size_t kept,
		    size_t total)
{
	filter_keep(entry, kept, total);
	entry->new_digest = digest;
	entry->new_bytes = bytes;
}

static bool collect_kept(const struct filter_index *index, struct map *kept, struct error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		struct filter_entry *entry = &index->entries[i];
		if (!entry->attests && entry->verdict != FILTER_DROP &&
		    !map_put(kept, str_of(entry->digest), entry))
			return error_memory(err);
	}
	return true;
}

bool filter_settle(struct filter_index *index, struct error *err)
{
	scoped(map_finish) struct map kept = {0};
	size_t left = 0;
	if (!collect_kept(index, &kept, err))
		return false;
	index->kept = index->total = 0;
	index->changed = false;
	for (size_t i = 0; i < index->count; i++) {
		struct filter_entry *entry = &index->entries[i];
		if (entry->attests && map_get(&kept, str_of(entry->attests)))
			entry->verdict = FILTER_KEEP;
		left += entry->verdict != FILTER_DROP;
		index->changed |= entry->verdict == FILTER_DROP || entry->new_digest;
		index->kept += entry->kept;
		index->total += entry->total;
	}
	index->nothing = index->count && !left;
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

struct writing {
	struct str source;
	size_t at; /* the source before this offset has been copied or left out */
	struct buf out;
	const char *source_digest, *patterns;
};

static void writing_finish(struct writing *writing)
{
	buf_finish(&writing->out);
}

/* Copies the source up to the offset end. */
static void copy_to(struct writing *writing, size_t end)
{
	buf_add(&writing->out, writing->source.at + writing->at, end - writing->at);
	writing->at = end;
}

static size_t end_of(const struct node *node)
{
	return node->source_at + node->source_len;
}

/* Copies up to the value and skips it; the caller writes the replacement. */
static void replace(struct writing *writing, const struct node *value)
{
	copy_to(writing, value->source_at);
	writing->at = end_of(value);
}

static void add_text(struct writing *writing, const char *text)
{
	struct json_writer json = {.out = &writing->out};
	json_writer_string(&json, text);
}

static void add_pair(struct writing *writing, const char *key, const char *text)
{
	add_text(writing, key);
	buf_add_char(&writing->out, ':');
	add_text(writing, text);
}

/* Writes the new content as the embedded copy that a descriptor may carry. */
static void add_data(struct writing *writing, struct str bytes)
{
	buf_add_char(&writing->out, '"');
	base64_encode(bytes, &writing->out);
	buf_add_char(&writing->out, '"');
}

static void write_entry(struct writing *writing, const struct filter_entry *entry)
{
	const struct node *node = entry->node;
	for (size_t i = 0; entry->new_digest && i < node->count; i++) {
		struct str key = node_string(node->keys[i]);
		enum node_kind kind = node->items[i]->kind;
		bool data = str_is(key, "data") && (kind == NODE_STRING || kind == NODE_REPEATED);
		if (!data && !str_is(key, "digest") && !str_is(key, "size"))
			continue;
		replace(writing, node->items[i]);
		if (data)
			add_data(writing, entry->new_bytes);
		else if (str_is(key, "digest"))
			add_text(writing, entry->new_digest);
		else
			buf_printf(&writing->out, "%zu", entry->new_bytes.len);
	}
	copy_to(writing, end_of(node));
}

static void write_list(struct writing *writing, const struct filter_index *index,
		       const struct node *list)
{
	bool first = true;
	copy_to(writing, list->source_at + 1);
	for (size_t i = 0; i < index->count; i++) {
		const struct filter_entry *entry = &index->entries[i];
		if (entry->verdict == FILTER_DROP) {
			/* The text after the bracket belongs to the first entry that stays. */
			if (i == 0)
				copy_to(writing, entry->node->source_at);
			writing->at = end_of(entry->node);
			continue;
		}
		if (first && i)
			writing->at = entry->node->source_at;
		write_entry(writing, entry);
		first = false;
	}
	copy_to(writing, end_of(list));
}

/* Adds those of the two annotations that the object does not have yet. */
static void add_missing(struct writing *writing, const struct node *annotations, bool comma)
{
	const char *const pairs[][2] = {{FILTER_SOURCE_KEY, writing->source_digest},
					{FILTER_PATTERNS_KEY, writing->patterns}};
	for (size_t i = 0; i < array_count(pairs); i++) {
		if (node_get(annotations, pairs[i][0]))
			continue;
		if (comma)
			buf_add_char(&writing->out, ',');
		add_pair(writing, pairs[i][0], pairs[i][1]);
		comma = true;
	}
}

static void write_annotations(struct writing *writing, const struct node *annotations)
{
	copy_to(writing, annotations->source_at + 1);
	for (size_t i = 0; i < annotations->count; i++) {
		struct str key = node_string(annotations->keys[i]);
		const char *text = str_is(key, FILTER_SOURCE_KEY)     ? writing->source_digest
				   : str_is(key, FILTER_PATTERNS_KEY) ? writing->patterns
								      : NULL;
		if (text) {
			replace(writing, annotations->items[i]);
			add_text(writing, text);
		}
		copy_to(writing, end_of(annotations->items[i]));
	}
	add_missing(writing, annotations, annotations->count > 0);
	copy_to(writing, end_of(annotations));
}

static void write_new_annotations(struct writing *writing)
{
	buf_add_char(&writing->out, '{');
	add_missing(writing, NULL, false);
	buf_add_char(&writing->out, '}');
}

static void write_root(struct writing *writing, const struct filter_index *index)
{
	const struct node *root = index->manifest->document;
	bool annotated = false;
	for (size_t i = 0; i < root->count; i++) {
		const struct node *value = root->items[i];
		if (str_is(node_string(root->keys[i]), "manifests")) {
			write_list(writing, index, value);
		} else if (str_is(node_string(root->keys[i]), "annotations")) {
			annotated = true;
			if (value->kind == NODE_MAP) {
				write_annotations(writing, value);
			} else {
				replace(writing, value);
				write_new_annotations(writing);
			}
		}
		copy_to(writing, end_of(value));
	}
	if (!annotated) {
		buf_add_string(&writing->out, ",\"annotations\":");
		write_new_annotations(writing);
	}
	copy_to(writing, writing->source.len);
}

bool filter_write(struct arena *arena, const struct filter_index *index, const char *source_digest,
		  const char *patterns, struct str *out, struct error *err)
{
	scoped(writing_finish) struct writing writing = {.source = index->manifest->bytes,
							 .source_digest = source_digest,
							 .patterns = patterns};
	const struct node *annotations = node_get(index->manifest->document, "annotations");
	if (annotations && annotations->kind != NODE_MAP && annotations->kind != NODE_NULL)
		return error_set(err, ERROR_CORRUPT, "index: \"annotations\" is %s",
				 node_kind_name(annotations->kind));
	write_root(&writing, index);
	if (!buf_ok(&writing.out))
		return error_memory(err);
	*out = (struct str){arena_copy(arena, writing.out.at, writing.out.len), writing.out.len};
	return out->at || error_memory(err);
}
