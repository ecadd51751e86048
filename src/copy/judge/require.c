/*
 * The index is checked as it will be at the target, after the filter: the platforms are required
 * there.
 */
#include "copy/judge/require.h"

#include "copy/document.h"
#include "copy/fetch.h"
#include "oci/filter.h"

enum { LISTED_MAX = 300 };

struct platform_search {
	struct image *image;
	struct arena *arena;
	const struct platform_filter *required;
	bool *found;       /* for each required platform: an image has it */
	size_t images;     /* number of images seen so far */
	struct buf listed; /* the platforms of these images, as text */
	struct map seen;   /* digests that were looked at, each once */
};

static void search_finish(struct platform_search *search)
{
	buf_finish(&search->listed);
	map_finish(&search->seen);
}

static void print(const struct platform *platform, struct buf *out)
{
	buf_printf(out, "%.*s", STR_ARGS(platform->os));
	if (platform->architecture.len)
		buf_printf(out, "/%.*s", STR_ARGS(platform->architecture));
	if (platform->variant.len)
		buf_printf(out, "/%.*s", STR_ARGS(platform->variant));
}

static void see(struct platform_search *search, const struct platform *platform)
{
	struct platform full = *platform;
	/* image-spec: v8 is the only variant of arm64, and is mostly left out. */
	if (str_is(full.architecture, "arm64") && !full.variant.len)
		full.variant = STR("v8");
	search->images++;
	for (size_t i = 0; i < search->required->platform_count; i++)
		if (platform_pattern_hits(search->required, i, &full))
			search->found[i] = true;
	if (search->listed.len > LISTED_MAX)
		return;
	buf_add_string(&search->listed, search->listed.len ? ", " : "");
	print(platform, &search->listed);
}

static bool look(struct platform_search *search, const char *digest, int depth, struct error *err);

static bool look_at_image(struct platform_search *search, const struct manifest *manifest,
			  struct error *err)
{
	struct image_config config;
	bool known;
	if (!fetch_config(search->image->from, search->arena, manifest, &known, &config, err))
		return fetch_missed(search->image, manifest->config->digest, err);
	if (known)
		see(search, &config.platform);
	return true;
}

static bool look_at_index(struct platform_search *search, const struct manifest *manifest,
			  int depth, struct error *err)
{
	const struct platform_filter all = {0};
	struct filter_index index;
	if (!filter_read(search->arena, manifest, &all, &index, err))
		return false;
	for (size_t i = 0; i < index.count; i++) {
		const struct filter_entry *entry = &index.entries[i];
		enum media_kind kind = media_kind(str_of(entry->media_type));
		if (entry->attests)
			continue;
		if (entry->platform.os.len)
			see(search, &entry->platform);
		else if (kind != MEDIA_OTHER && !look(search, entry->digest, depth + 1, err))
			return false;
	}
	return true;
}

static bool look(struct platform_search *search, const char *digest, int depth, struct error *err)
{
	struct manifest manifest = {0};
	if (map_get(&search->seen, str_of(digest)))
		return true;
	if (!map_put(&search->seen, str_of(digest), search))
		return error_memory(err);
	if (!document_get(search->image, DOCUMENT_SOURCE, digest, depth, &manifest, err))
		return false;
	return manifest.kind == MEDIA_INDEX ? look_at_index(search, &manifest, depth, err)
					    : look_at_image(search, &manifest, err);
}

static bool judge(const struct platform_search *search, struct error *err)
{
	scoped(buf_finish) struct buf missing = {0};
	if (!search->images)
		return true;
	for (size_t i = 0; i < search->required->platform_count; i++) {
		if (search->found[i])
			continue;
		buf_add_string(&missing, missing.len ? ", " : "");
		print(&search->required->platforms[i], &missing);
	}
	if (!missing.len)
		return buf_ok(&missing) || error_memory(err);
	return error_set(err, ERROR_PLATFORM,
			 "the image lacks %s, which require-platforms asks for; it has %s",
			 buf_string(&missing), buf_string(&search->listed));
}

bool require_platforms(struct image *image, struct error *err)
{
	const struct platform_filter *required = rule_terms(image->task->rule)->required;
	scoped(search_finish) struct platform_search search = {
		.image = image, .arena = image->arena, .required = required};
	if (!required)
		return true;
	search.found =
		arena_array(image->arena, required->platform_count + 1, sizeof(*search.found));
	if (!search.found)
		return error_memory(err);
	return look(&search, image->wanted, 1, err) && judge(&search, err);
}
