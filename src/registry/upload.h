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
 * Sends the rest of the blob, the bytes from upload->offset on, and closes the upload; body may be
 * NULL for an empty blob. The registry checks the digest as well. *upload is updated as bytes are
 * accepted. ERROR_UNAVAILABLE also when the registry does not accept the bytes in this form but may
 * in another, which the next attempt uses.
 */
bool upload_send(const struct repository *repository, struct upload *upload, struct reader *body,
		 struct error *err);
