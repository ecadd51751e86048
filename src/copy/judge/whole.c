/*
 * All manifests have to be read before the first layer is sent, even those that the destination
 * already has, so this happens only on demand. The copy takes them from image->known.
 *
 * An index entry of an unknown type is not opened here. If it turns out to contain such a layer,
 * blob_copy() refuses it later, when parts of the image are at the destination, but not its tag.
 */
#include "copy/judge/whole.h"

#include "copy/document.h"

struct layer_search {
	struct image *image;
	struct map seen; /* digests that were looked at */
};

static void search_finish(struct layer_search *search)
{
	map_finish(&search->seen);
}

bool whole_refuse(const struct descriptor *layer, struct error *err)
{
	return error_set(err, ERROR_REFUSED,
			 "layer %s may not be distributed (%s), and foreign: fail refuses it",
			 layer->digest, layer->media_type);
}

static bool look(struct layer_search *search, const char *digest, int depth, struct error *err)
{
	struct manifest manifest;
	if (map_get(&search->seen, str_of(digest)))
		return true;
	if (!map_put(&search->seen, str_of(digest), search))
		return error_memory(err);
	if (!document_get(search->image, DOCUMENT_SOURCE, digest, depth, &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (manifest.blobs[i].nondistributable)
			return whole_refuse(&manifest.blobs[i], err);
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		if (child->nondistributable)
			return whole_refuse(child, err);
		if (media_kind(str_of(child->media_type)) != MEDIA_OTHER &&
		    !look(search, child->digest, depth + 1, err))
			return false;
	}
	return true;
}

bool whole_check(struct image *image, struct error *err)
{
	scoped(search_finish) struct layer_search search = {.image = image};
	return image->foreign != FOREIGN_FAIL || look(&search, image->wanted, 1, err);
}
