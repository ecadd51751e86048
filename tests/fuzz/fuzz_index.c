/*
 * index.json of a folder. The first line is a tag that is looked for, and then given to another
 * image: the document that is written has that image under it, and all others still. What can be
 * read in pieces can be read as a whole.
 */
#include "fuzz.h"

#include "doc/json.h"
#include "layout/layout_index.h"
#include "oci/digest.h"
#include "oci/reference.h"

#define DIGEST "sha256:0137a0f070991f4d655a52d44373699b5f953bce299ba540bb01e290e844fcb9"

static void check_entries(const struct layout_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct layout_entry *entry = &index->entries[i];
		require(entry->media_type && entry->size >= -1);
		require(!entry->digest || digest_valid(str_of(entry->digest)));
		require(!entry->tag || (entry->digest && reference_tag_valid(str_of(entry->tag))));
	}
}

/* The number of entries that are not called so. */
static size_t others(const struct layout_index *index, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < index->count; i++)
		count += !index->entries[i].name || strcmp(index->entries[i].name, name) != 0;
	return count;
}

static void check_addition(struct arena *arena, struct layout_index *index, const char *tag)
{
	scoped(buf_finish) struct buf entry = {0}, text = {0}, undone = {0}, before = {0};
	scoped(layout_index_finish) struct layout_index again = {.count = 0};
	struct error err = {0};
	size_t left = others(index, tag);
	layout_index_write(index, &before);
	layout_index_describe("a/b", DIGEST, 7, tag, NULL, &entry);
	require(layout_index_add(arena, index, tag, buf_str(&entry), &err));
	layout_index_write(index, &text);
	require(buf_ok(&text) && layout_index_read(arena, buf_str(&text), &again, &err));
	require(layout_index_sort(arena, &again));
	require(again.count == left + 1 && others(&again, tag) == left);
	const struct layout_entry *found = layout_index_find(&again, again.version, tag, &err);
	require(found && strcmp(found->digest, DIGEST) == 0);
	layout_index_undo(index);
	layout_index_write(index, &undone);
	require(str_equal(buf_str(&before), buf_str(&undone)));
}

/* Numbers of values and of bytes have other limits in pieces. */
static void check_whole(struct arena *arena, struct str text, const struct layout_index *index)
{
	const struct node *root;
	struct error err;
	if (!json_read_foreign(arena, text, &root, &err))
		require(strstr(err.text, "too many") || strstr(err.text, "deep"));
	else
		require(node_get(root, "manifests")->count == index->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	scoped(layout_index_finish) struct layout_index index = {.count = 0};
	struct error err = {0};
	require(arena);
	char *tag = input_string(arena, input_part(&rest, '\n'));
	if (!layout_index_read(arena, rest, &index, &err)) {
		require(err.kind == ERROR_CORRUPT && *err.text);
		return 0;
	}
	check_entries(&index);
	check_whole(arena, rest, &index);
	require(layout_index_sort(arena, &index));
	(void)layout_index_only(&index);
	if (!reference_tag_valid(str_of(tag)))
		return 0;
	(void)layout_index_find(&index, index.version, tag, &err);
	for (size_t i = 0; i < index.count; i++) {
		const char *path = layout_index_path(arena, &index.entries[i]);
		require(!path || index.entries[i].tag);
	}
	check_addition(arena, &index, tag);
	return 0;
}
