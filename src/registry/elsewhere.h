/*
 * Foreign layers: blobs from the addresses that a manifest names (image-spec "Descriptor", urls).
 *
 * Whoever wrote the manifest chose these addresses, so they are asked like a place a registry sends
 * us on to, only more strictly: https alone, never with a login, and no machine of an internal
 * network but one that belongs to the registry or that the auth file names.
 */
#pragma once

#include "registry/blobs.h"

/*
 * Opens the bytes of a blob of repository at url, as blobs_open() does. ERROR_REFUSED: the address
 * may not be asked.
 */
bool elsewhere_open(const struct repository *repository, const char *url, struct blob_part *part,
		    struct stream **out, struct error *err);
