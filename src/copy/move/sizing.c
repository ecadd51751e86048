/*
 * The manifests of an index are read while their layers are copied, in no particular order. Each
 * reports to the one above it when all below it is known, and the last one closes that.
 */
#include "copy/move/sizing.h"

void sizing_close(struct sizing *sizing)
{
	struct image *image = sizing->image;
	if (atomic_exchange(&sizing->closed, true))
		return;
	if (sizing->parent && atomic_fetch_sub(&sizing->parent->open, 1) == 1)
		sizing_close(sizing->parent);
	/* Which referrers there are is asked later. */
	if (!sizing->parent && !image->companions && !atomic_exchange(&image->sized, true))
		progress_sized(image->copier->options.progress, 1);
}

/* True for a blob that is sent unless it is there. */
static bool is_wanted(const struct image *image, const struct descriptor *blob)
{
	return !blob->nondistributable || image->foreign == FOREIGN_COPY;
}

void sizing_read(struct sizing *sizing, const struct manifest *manifest)
{
	const struct image *image = sizing->image;
	for (size_t i = 0; i < manifest->blob_count; i++) {
		const struct descriptor *blob = &manifest->blobs[i];
		if (is_wanted(image, blob))
			progress_expect(image->copier->options.progress, image->to->party,
					blob->digest, blob->size);
	}
	atomic_store(&sizing->open, manifest->child_count);
	if (!manifest->child_count)
		sizing_close(sizing);
}

void sizing_drop(const struct sizing *sizing, const struct manifest *manifest)
{
	const struct image *image = sizing->image;
	for (size_t i = 0; i < manifest->blob_count; i++)
		progress_settle(image->copier->options.progress, image->to->party,
				manifest->blobs[i].digest, manifest->blobs[i].size, false);
}
