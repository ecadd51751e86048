/* A digest names the same bytes on both sides, so known manifests are kept without a side. */
#include "copy/document.h"

#include "base/cancel.h"
#include "copy/fetch.h"

bool document_keep(struct image *image, const char *digest, const struct manifest *manifest)
{
	struct manifest *kept = arena_new_of(image->arena, struct manifest);
	if (!kept)
		return false;
	*kept = *manifest;
	return map_put(&image->known, str_of(digest), kept);
}

static bool read_side(struct image *image, enum document_side side, const char *digest,
		      struct manifest *out, struct error *err)
{
	if (side == DOCUMENT_SOURCE)
		return fetch_source(image, image->arena, digest, out, err) ||
		       error_wrap(err, "source");
	return fetch_manifest(image->to, image->arena, digest, out, err) ||
	       error_wrap(err, "destination");
}

bool document_get(struct image *image, enum document_side side, const char *digest, int depth,
		  struct manifest *out, struct error *err)
{
	const struct manifest *known = map_get(&image->known, str_of(digest));
	if (depth > MANIFEST_DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "indexes nested deeper than %d",
				 MANIFEST_DEPTH_MAX);
	if (cancel_requested())
		return error_canceled(err);
	if (known) {
		*out = *known;
		return true;
	}
	return read_side(image, side, digest, out, err) &&
	       (document_keep(image, digest, out) || error_memory(err));
}
