/*
 * Sends the bytes of a blob to an open upload (blobs.h): distribution-spec 1.1, "Pushing blobs",
 * "Pushing a blob in chunks".
 *
 * Makes one attempt, which the caller repeats. The registry's profile (profile.h) and its answers
 * so far (host.h) decide which requests are used.
 */
#pragma once

#include "registry/blobs.h"

/*
 * Sends the blob's remaining size bytes, those from upload->offset on, and closes the upload. The
 * registry checks the digest as well. *upload is updated as the registry accepts bytes, strings in
 * arena. ERROR_UNAVAILABLE also when the registry does not accept the bytes in this form but may in
 * another, which the next attempt uses.
 */
bool upload_send(const struct repository *repository, struct arena *arena, struct upload *upload,
		 const char *digest, struct reader *body, int64_t size, struct error *err);
