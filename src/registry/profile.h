/*
 * What is known about a registry by its name: how it takes uploads, treats mounts and counts
 * requests.
 *
 * A run begins with the profile and learns more from the registry's answers (host.h). Constant.
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
		*hosts[8]; /* "quay.io", or "*.azurecr.io" for all below it; NULL ends the list */
	int64_t whole_max; /* the largest body that a PUT may have, 0: no limit is known */
	int64_t chunk_max; /* the largest body of several PATCHes; 0: only one PATCH */
	unsigned mount_tries; /* mounts that may fail before it is not asked for more */
	bool counts_reads;    /* it limits how often its clients may ask, or counts it */
	bool lists_digests;   /* its lists of tags have digests; see known.h */
	bool hides_missing;   /* at a destination, 403 for a manifest means that it is missing */
	bool mount_shows; /* a mount from the repository itself shows whether the blob is there */
};

/* The profile of the registry at host, as configured; if unknown, that of the specification. */
const struct profile *profile_of(const char *host);
/*
 * True when host is a public registry that is known to send its clients only to the usual ports.
 * False for a name with a port.
 */
bool profile_is_public(const char *host);
