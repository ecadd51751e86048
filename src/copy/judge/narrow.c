/*
 * oci/filter.c decides; this file does what needs a registry: reading nested indexes, and the
 * configuration of a single image. The configuration of an index entry without a platform is not
 * read: such an entry passes.
 *
 * A filtered index at the target is recognized by two annotations, the source's digest and the
 * filter. That costs one small GET at the target and nothing at the source. Its entries are still
 * checked, so that an index with an entry that does not pass is replaced.
 */
#include "copy/judge/narrow.h"

#include "copy/document.h"
#include "copy/fetch.h"
#include "copy/judge/hits.h"
#include "oci/digest.h"
#include "oci/filter.h"

#include <string.h>

/* The maximum size of all documents of one image together, which are held in memory. */
enum { BYTES_MAX = 4 * MANIFEST_BYTES_MAX };

struct narrowing {
	struct image *image;
	struct arena *arena;
	const char *patterns; /* platform_filter_text() */
	size_t bytes;         /* size of the documents read so far */
	struct map done;      /* the nested indexes: digest -> struct narrowed */
};

static void narrowing_finish(struct narrowing *narrowing)
{
	map_finish(&narrowing->done);
}

static bool read_source(struct narrowing *narrowing, const char *digest, int depth,
			struct manifest *out, struct error *err)
{
	struct image *image = narrowing->image;
	if (!document_get(image, DOCUMENT_SOURCE, digest, depth, out, err))
		return false;
	narrowing->bytes += out->bytes.len;
	if (narrowing->bytes > BYTES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s@%s: nested indexes of more than %d bytes cannot be filtered",
				 image->from->path, digest, BYTES_MAX);
	return true;
}

static void mark(const struct image *image, const struct platform *platform)
{
	hits_mark(image->copier->hits, image->filter, platform);
}

static void mark_kept(const struct image *image, const struct filter_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		if (index->entries[i].verdict == FILTER_KEEP && !index->entries[i].attests)
			mark(image, &index->entries[i].platform);
}

static bool narrow_image(struct narrowing *narrowing, const struct manifest *manifest,
			 const char *digest, struct narrowed *out, struct error *err)
{
	struct image *image = narrowing->image;
	struct image_config config;
	bool known;
	if (!fetch_config(image->from, narrowing->arena, manifest, &known, &config, err))
		return fetch_missed(image, manifest->config->digest, err);
	/* An artifact has no platform, so it passes. */
	bool passes = platform_matches(image->filter, &config.platform);
	*out = (struct narrowed){
		.digest = passes ? digest : NULL, .nothing = !passes, .kept = passes, .total = 1};
	if (passes)
		mark(image, &config.platform);
	return true;
}

static bool narrow_document(struct narrowing *narrowing, const char *digest, int depth,
			    struct narrowed *out, struct error *err);

/* Filters the nested index of entry, once for all entries with its digest; settles the entry. */
static bool open_entry(struct narrowing *narrowing, struct filter_entry *entry, int depth,
		       struct error *err)
{
	const struct manifest *made;
	struct narrowed *done = map_get(&narrowing->done, str_of(entry->digest));
	if (!done) {
		done = arena_new_of(narrowing->arena, struct narrowed);
		if (!done || !map_put(&narrowing->done, str_of(entry->digest), done))
			return error_memory(err);
		if (!narrow_document(narrowing, entry->digest, depth + 1, done, err))
			return false;
	}
	if (done->nothing) {
		filter_drop(entry, done->total);
	} else if (strcmp(done->digest, entry->digest) == 0) {
		filter_keep(entry, done->kept, done->total);
	} else {
		made = map_get(&narrowing->image->known, str_of(done->digest));
		filter_replace(entry, done->digest, made->bytes, done->kept, done->total);
	}
	return true;
}

/* Writes the new index and keeps it for tree_copy(). */
static bool make_index(struct narrowing *narrowing, const struct filter_index *index,
		       const char *source_digest, const char **digest, struct error *err)
{
	struct arena *arena = narrowing->arena;
	char text[DIGEST_TEXT_SIZE];
	struct manifest made;
	struct str bytes;
	if (!filter_write(arena, index, source_digest, narrowing->patterns, &bytes, err))
		return false;
	digest_of(bytes, text);
	*digest = arena_string(arena, text);
	if (!*digest)
		return error_memory(err);
	return manifest_parse(arena, bytes, str_of(index->manifest->media_type), &made, err) &&
	       (document_keep(narrowing->image, *digest, &made) || error_memory(err));
}

static bool narrow_index(struct narrowing *narrowing, const struct manifest *manifest,
			 const char *digest, int depth, struct narrowed *out, struct error *err)
{
	const struct image *image = narrowing->image;
	struct filter_index index;
	if (!filter_read(narrowing->arena, manifest, image->filter, &index, err))
		return false;
	for (size_t i = 0; i < index.count; i++) {
		struct filter_entry *entry = &index.entries[i];
		bool open = entry->verdict == FILTER_OPEN;
		if (open && !open_entry(narrowing, entry, depth, err))
			return false;
	}
	if (!filter_settle(&index, err))
		return false;
	mark_kept(image, &index);
	*out = (struct narrowed){.digest = digest,
				 .nothing = index.nothing,
				 .kept = index.kept,
				 .total = index.total};
	if (index.nothing)
		out->digest = NULL;
	else if (index.changed && !make_index(narrowing, &index, digest, &out->digest, err))
		return error_wrap(err, "filtering %s@%s", image->from->path, digest);
	return true;
}

static bool narrow_document(struct narrowing *narrowing, const char *digest, int depth,
			    struct narrowed *out, struct error *err)
{
	struct manifest manifest = {0};
	if (!read_source(narrowing, digest, depth, &manifest, err))
		return false;
	return manifest.kind == MEDIA_INDEX
		       ? narrow_index(narrowing, &manifest, digest, depth, out, err)
		       : narrow_image(narrowing, &manifest, digest, out, err);
}

bool narrow(struct image *image, struct narrowed *out, struct error *err)
{
	scoped(narrowing_finish) struct narrowing narrowing = {
		.image = image,
		.arena = image->arena,
		.patterns = platform_filter_text(image->arena, image->filter),
	};
	if (!narrowing.patterns)
		return error_memory(err);
	if (!narrow_document(&narrowing, image->pinned, 1, out, err))
		return false;
	image->judged = true;
	return true;
}

/* True if the index's annotations say that this filter made it from digest. */
static bool stems_from(const struct manifest *manifest, const char *digest, const char *patterns)
{
	return str_is(manifest_annotation(manifest, FILTER_SOURCE_KEY), digest) &&
	       str_is(manifest_annotation(manifest, FILTER_PATTERNS_KEY), patterns);
}

static bool has_open(const struct filter_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		if (index->entries[i].verdict == FILTER_OPEN)
			return true;
	return false;
}

/* The source's own index is wanted if all of it passes, another one if its annotations say so. */
static bool recognize_index(struct image *image, const struct manifest *manifest, bool equal,
			    bool *same, struct error *err)
{
	struct arena *arena = image->arena;
	struct filter_index index;
	const char *patterns = platform_filter_text(arena, image->filter);
	if (!patterns)
		return error_memory(err);
	if (!filter_read(arena, manifest, image->filter, &index, err))
		return error_is_corrupt(err);
	bool open = has_open(&index);
	if (!filter_settle(&index, err))
		return false;
	*same = !index.changed && (equal ? !open : stems_from(manifest, image->pinned, patterns));
	if (*same)
		mark_kept(image, &index);
	image->judged = *same && !open;
	return true;
}

bool narrow_recognize(struct image *image, bool *same, struct error *err)
{
	struct manifest manifest;
	const char *held = image->target.held;
	bool equal = strcmp(image->pinned, held) == 0;
	*same = false;
	if (!fetch_manifest(image->to, image->arena, held, &manifest, err)) {
		/* The tag does not hold a filtered index, and is replaced. */
		if (err->kind == ERROR_MISSING || error_is_corrupt(err) ||
		    err->kind == ERROR_UNSUPPORTED)
			return true;
		return error_wrap(err, "destination");
	}
	if (manifest.kind == MEDIA_INDEX)
		return recognize_index(image, &manifest, equal, same, err);
	/* The same image stays at the target, whether it passes or not. */
	*same = equal;
	return true;
}
