/*
 * What is known of a registry by its name: how it takes uploads and what it makes of mounts.
 *
 * A profile is where a run begins; what a registry answers is learnt on top of it (host.h).
 * Constant.
 */
#pragma once

#include "base/str.h"

enum profile_upload {
	PROFILE_WHOLE,     /* POST, PUT with all bytes */
	PROFILE_ONE_PATCH, /* POST, PATCH with all bytes, PUT without any */
	PROFILE_CHUNKS,    /* POST, PATCHes in order, PUT without any bytes */
};

struct profile {
	const char *name;
	const char
		*hosts[8]; /* "quay.io", or "*.azurecr.io" for what ends so; NULL ends the list */
	int64_t whole_max; /* the largest body that a PUT may have, 0: no limit is known */
	int64_t chunk_max; /* the largest that a PATCH may have, with several; 0: only one PATCH */
	unsigned mount_tries; /* mounts it may leave undone before it is not asked any more */
	bool lists_digests;   /* with the tags; see known.h */
	bool hides_missing;   /* 403 for a manifest where we write means that it is not there */
	bool mount_shows; /* a mount from the repository itself tells whether the blob is there */
};

/* The profile of the registry at host, as configured; any other gets that of the specification. */
const struct profile *profile_of(const char *host);
/*
 * True when host is a public registry that is known to send its clients to the usual ports alone. A
 * name with a port is none.
 */
bool profile_is_public(const char *host);
