/*
 * Foreign layers: blobs from the addresses that a manifest names (image-spec "Descriptor", urls).
 *
 * The author of the manifest chose these addresses, so they are treated like the target of a
 * redirect, only more strictly: only https, never with a login, and no server in an internal
 * network unless it belongs to the registry or is in the auth file.
 */
#pragma once

#include "registry/blobs.h"

/*
 * Opens the bytes of a blob of repository at url, like blobs_open(). ERROR_REFUSED: requests to the
 * address are not allowed.
 */
bool elsewhere_open(const struct repository *repository, const char *url, struct blob_part *part,
		    struct stream **out, struct error *err);
