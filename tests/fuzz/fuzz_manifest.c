/*
 * Manifests and indexes. The first line is the served type, the second a platform, the rest the
 * document. An index is filtered, and what that leaves must be an index again.
 */
#include "fuzz.h"

#include "oci/digest.h"
#include "oci/filter.h"
#include "oci/image_config.h"
#include "oci/manifest.h"

static void check_list(const struct descriptor *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		require(digest_valid(str_of(list[i].digest)) && list[i].size >= 0);
		require(list[i].media_type);
		for (size_t j = 0; j < i && i < 64; j++)
			require(strcmp(list[i].digest, list[j].digest) != 0);
	}
}

static void check_manifest(const struct manifest *manifest)
{
	require(manifest->kind == MEDIA_MANIFEST || manifest->kind == MEDIA_INDEX);
	require(media_valid(str_of(manifest->media_type)));
	require(manifest->kind == MEDIA_INDEX ? !manifest->blob_count : !manifest->child_count);
	check_list(manifest->blobs, manifest->blob_count);
	check_list(manifest->children, manifest->child_count);
	require(!manifest->subject || digest_valid(str_of(manifest->subject)));
	require(manifest->child_count <= MANIFEST_CHILDREN_MAX);
}

static void check_filter(struct arena *arena, const struct manifest *manifest,
			 const struct platform_filter *filter)
{
	struct filter_index index;
	struct manifest less;
	struct error err = {0};
	struct str text = {0};
	char digest[DIGEST_TEXT_SIZE];
	require(filter_read(arena, manifest, filter, &index, &err));
	for (size_t i = 0; i < index.count; i++)
		if (index.entries[i].verdict == FILTER_OPEN && i % 2)
			filter_drop(&index.entries[i], 2);
	require(filter_settle(&index, &err) && index.kept <= index.total);
	digest_of(manifest->bytes, digest);
	if (!index.changed)
		return;
	if (!filter_write(arena, &index, digest, platform_filter_text(arena, filter), &text,
			  &err)) {
		require(err.kind == ERROR_CORRUPT);
		return;
	}
	require(manifest_parse(arena, text, str_of(manifest->media_type), &less, &err));
	require(less.kind == MEDIA_INDEX && less.child_count <= manifest->child_count);
	require(str_is(manifest_annotation(&less, FILTER_SOURCE_KEY), digest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct platform platform = {0};
	struct manifest manifest;
	struct image_config config;
	struct error err = {0};
	require(arena);
	struct str type = input_part(&rest, '\n');
	struct str wanted = input_part(&rest, '\n');
	if (!rest.at)
		return 0;
	if (!image_config_parse(arena, rest, &config, &err))
		require(err.kind == ERROR_CORRUPT);
	if (!manifest_parse(arena, rest, type, &manifest, &err)) {
		require(err.kind == ERROR_CORRUPT || err.kind == ERROR_UNSUPPORTED);
		return 0;
	}
	check_manifest(&manifest);
	struct platform_filter filter = {.platforms = &platform, .platform_count = 1};
	if (manifest.kind == MEDIA_INDEX && platform_parse(wanted, &platform))
		check_filter(arena, &manifest, &filter);
	return 0;
}
