/*
 * The bytes of a blob on their way into an upload that was begun (blobs.h): distribution-spec 1.1,
 * "Pushing blobs", "Pushing a blob in chunks".
 *
 * One attempt, which its caller repeats. In which requests the bytes go is decided by what is known
 * of the registry (profile.h) and what it has answered so far (host.h).
 */
#pragma once

#include "registry/blobs.h"

/*
 * Sends the blob's remaining size bytes, those from upload->offset on, and closes the upload. The
 * registry checks the digest, too. *upload follows what the registry took, strings in arena.
 * ERROR_UNAVAILABLE also when the registry does not take the bytes like this, but may in another
 * way: the next attempt is made so.
 */
bool upload_send(const struct repository *repository, struct arena *arena, struct upload *upload,
		 const char *digest, struct reader *body, int64_t size, struct error *err);
