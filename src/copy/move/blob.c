/*
 * A blob is moved once per registry and run. Another image in the same repository finds it present;
 * one in another repository mounts it from the first. The POST that opens an upload also offers a
 * mount from the target repository itself: a registry that can mount answers "created" when the
 * blob is already there, which saves the HEAD.
 */
#include "copy/move/blob.h"

#include "base/log.h"
#include "copy/claim.h"
#include "copy/judge/whole.h"
#include "copy/move/transfer.h"

/* A repository of the target's registry that is known to hold the blob; NULL: there is none. */
static const char *find_location(const struct image *image, const struct descriptor *blob)
{
	/* A registry that serves an image need not hold its foreign layers. */
	const struct store *source = blob->nondistributable ? NULL : image->from;
	return locations_find(image->copier->locations, image->to, source, blob->digest);
}

/* Waits for a slot, then moves the blob. */
static bool move(struct image *image, const struct descriptor *blob, bool thorough,
		 struct error *err)
{
	bool present = false;
	struct fanout_branch branch;
	const struct cargo cargo = {.image = image,
				    .blob = blob,
				    .location = thorough ? NULL : find_location(image, blob),
				    .thorough = thorough,
				    .branch = &branch};
	fanout_enter(image->copier->fanout, &branch, image, blob, thorough);
	bool ok = transfer_run(&cargo, &present, err);
	fanout_leave(image->copier->fanout, &branch);
	if (!ok)
		return false;
	locations_record(image->copier->locations, image->to, blob->digest);
	if (present && cargo.location) {
		atomic_fetch_add(&image->mounted, 1);
	} else if (present) {
		atomic_fetch_add(&image->present, 1);
	} else {
		atomic_fetch_add(&image->copied, 1);
		atomic_fetch_add(&image->bytes, blob->size);
	}
	return true;
}

/* Moves the blob to the registry, or within it if this run has already put it there. */
static bool move_once(struct image *image, const struct descriptor *blob, struct error *err)
{
	scoped(claim_end) struct claim claim = {0};
	if (!claim_begin(&claim, image, err, "%s@%s", image->to->party_name, blob->digest) &&
	    !claim.done)
		return false;
	/* Unless another image has put it there, it may be one that failed before. */
	if (!claim.done)
		progress_expect(image->copier->options.progress, image->to->party, blob->digest,
				blob->size);
	return claim_settle(&claim, move(image, blob, false, err), err);
}

/* Skips a layer that may not be distributed, or refuses it. */
static bool leave_out(struct image *image, const struct descriptor *blob, bool thorough,
		      struct error *err)
{
	if (image->foreign == FOREIGN_FAIL)
		return whole_refuse(blob, err);
	log_info("%s: layer %s is left out because it may not be distributed", image->from->path,
		 blob->digest);
	atomic_fetch_add(&image->skipped, !thorough);
	return true;
}

static bool copy(struct image *image, const struct descriptor *blob, bool thorough,
		 struct error *err)
{
	scoped(claim_end) struct claim claim = {0};
	if (blob->nondistributable && image->foreign != FOREIGN_COPY)
		return leave_out(image, blob, thorough, err);
	if (thorough)
		return move(image, blob, true, err);
	if (claim_begin(&claim, image, err, "%s/%s@%s", image->to->party_name, image->to->path,
			blob->digest))
		return claim_settle(&claim, move_once(image, blob, err), err);
	if (claim.done)
		atomic_fetch_add(&image->present, 1);
	return claim.done;
}

bool blob_copy(struct image *image, const struct descriptor *blob, bool thorough, struct error *err)
{
	bool ok = copy(image, blob, thorough, err);
	progress_settle(image->copier->options.progress, image->to->party, blob->digest, blob->size,
			ok);
	fanout_settle(image->copier->fanout, image, blob->digest);
	return ok;
}
