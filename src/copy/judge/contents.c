/*
 * A digest counts once, whether it is met as a manifest or as a blob: images of an index share
 * layers.
 */
#include "copy/judge/contents.h"

#include "copy/document.h"

struct contents {
	struct image *image;
	struct map seen; /* digests of manifests and blobs */
	contents_take *take;
	void *ctx;
};

static void contents_finish(struct contents *contents)
{
	map_finish(&contents->seen);
}

/* *first: digest was not seen before. */
static bool see(struct contents *contents, const char *digest, bool *first, struct error *err)
{
	*first = !map_get(&contents->seen, str_of(digest));
	return !*first || map_put(&contents->seen, str_of(digest), contents) || error_memory(err);
}

static bool add_blob(struct contents *contents, const struct descriptor *blob, struct error *err)
{
	bool first;
	if (blob->nondistributable && contents->image->foreign != FOREIGN_COPY)
		return true;
	return see(contents, blob->digest, &first, err) &&
	       (!first || contents->take(contents->ctx, blob, err));
}

static bool add(struct contents *contents, const char *digest, int depth, struct error *err)
{
	struct manifest manifest;
	bool first;
	if (!see(contents, digest, &first, err))
		return false;
	if (!first)
		return true;
	if (!document_get(contents->image, DOCUMENT_SOURCE, digest, depth, &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (!add_blob(contents, &manifest.blobs[i], err))
			return false;
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		bool blob = media_kind(str_of(child->media_type)) == MEDIA_OTHER;
		if (blob ? !add_blob(contents, child, err)
			 : !add(contents, child->digest, depth + 1, err))
			return false;
	}
	return true;
}

bool contents_each(struct image *image, contents_take *take, void *ctx, struct error *err)
{
	scoped(contents_finish) struct contents contents = {
		.image = image, .take = take, .ctx = ctx};
	return add(&contents, image->wanted, 1, err);
}
