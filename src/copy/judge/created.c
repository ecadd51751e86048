/*
 * The configuration comes first because builders write it; the annotation of an index often comes
 * from the last release script that touched it. Of two annotations the one closer to the image
 * counts.
 */
#include "copy/judge/created.h"

#include "copy/fetch.h"
#include "oci/filter.h"

#define CREATED_KEY "org.opencontainers.image.created"

/* Finds the digest of the first image, or nested index, that passes; NULL: there is none. */
static bool first_child(struct arena *arena, const struct manifest *manifest,
			const struct platform_filter *filter, const char **digest,
			struct error *err)
{
	static const struct platform_filter everything = {0};
	struct filter_index index;
	*digest = NULL;
	if (!filter_read(arena, manifest, filter ? filter : &everything, &index, err))
		return false;
	for (size_t i = 0; i < index.count && !*digest; i++) {
		const struct filter_entry *entry = &index.entries[i];
		bool image =
			!*entry->media_type || media_kind(str_of(entry->media_type)) != MEDIA_OTHER;
		if (image && !entry->attests && entry->verdict != FILTER_DROP &&
		    !str_is(entry->platform.os, "unknown"))
			*digest = entry->digest;
	}
	return true;
}

bool created_of(const struct stores *stores, const struct reference *source,
		const struct platform_filter *filter, int64_t *when, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct store *store = NULL;
	struct image_config config;
	const char *next = source->digest ? source->digest : reference_target(source);
	*when = 0;
	if (!arena)
		return error_memory(err);
	if (!store_at(stores, source, NULL, arena, &store, err))
		return false;
	for (int depth = 1; next && depth <= MANIFEST_DEPTH_MAX; depth++) {
		struct manifest manifest;
		bool known;
		if (!fetch_manifest(store, arena, next, &manifest, err))
			return false;
		int64_t noted = image_config_time(manifest_annotation(&manifest, CREATED_KEY));
		*when = noted ? noted : *when;
		if (manifest.kind == MEDIA_INDEX) {
			if (!first_child(arena, &manifest, filter, &next, err))
				return false;
			continue;
		}
		if (!fetch_config(store, arena, &manifest, &known, &config, err))
			return false;
		*when = config.created ? config.created : *when;
		next = NULL;
	}
	return true;
}
