/* Blobs of an archive: what layout_blobs.h has for folders. */
#pragma once

#include "layout/layout.h"
#include "store/store.h"

bool archive_blobs_open(const struct layout *layout, const char *digest, struct blob_part *part,
			struct reader **out, struct error *err);
bool archive_blobs_offer(const struct layout *layout, struct arena *arena,
			 const struct blob_offer *offer, struct blob_upload *out,
			 struct error *err);
bool archive_blobs_send(const struct layout *layout, struct blob_upload *upload,
			struct reader *body, struct error *err);
bool archive_blobs_put(const struct layout *layout, const char *digest, struct str bytes,
		       struct error *err);
