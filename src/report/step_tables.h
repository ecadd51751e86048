/*
 * The parts of a job's summary that list images which did not fail: what changed, what was skipped,
 * what is in sync. Each part is nothing when it has no images.
 *
 * Pure; images are those of step_images.h.
 */
#pragma once

#include "report/step_images.h"

/* Appends what was copied, or would be, and folded, the digests of that to copy. */
void step_tables_changes(const struct step_images *images, bool dry_run, struct buf *out);
/* Appends the images that were skipped though they are not in sync. */
void step_tables_skipped(const struct step_images *images, struct buf *out);
/* Appends the tags that are in sync by repository, folded. */
void step_tables_in_sync(const struct step_images *images, struct buf *out);
