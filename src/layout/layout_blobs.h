/*
 * Blobs of a layout, as store/store.h has them: what is behind the functions of a store that bear
 * the same names.
 *
 * A blob that is there by its name and size counts as there. What is sent has been hashed by
 * whoever sends it (copy/move/transfer.c), so it is not hashed again.
 */
#pragma once

#include "layout/layout.h"
#include "store/store.h"

bool layout_blobs_open(const struct layout *layout, const char *digest, struct blob_part *part,
		       struct reader **out, struct error *err);
/* location: another layout that is known to hold the blob, NULL: none is. */
bool layout_blobs_offer(struct layout *layout, struct arena *arena, const struct blob_offer *offer,
			const struct layout *location, struct blob_upload *out, struct error *err);
bool layout_blobs_send(const struct layout *layout, struct blob_upload *upload, struct reader *body,
		       struct error *err);
void layout_blobs_cancel(const struct layout *layout, struct blob_upload *upload);
/* Writes a small blob that is in memory, unless it is there. */
bool layout_blobs_put(const struct layout *layout, const char *digest, struct str bytes,
		      struct error *err);
