/*
 * Lists of referrers: the answer of the referrers API and the index under a fallback tag, which
 * have one format (distribution-spec 1.1 "Listing Referrers", "Referrers Tag Schema").
 *
 * Pure; everything lives in the caller's arena.
 */
#pragma once

#include "base/map.h"
#include "oci/manifest.h"

enum { REFERRERS_MAX = 10000 };

struct referrer {
	const char *digest;
	const char *media_type;    /* "" when absent */
	const char *artifact_type; /* "" when the list does not say */
};

/* Reads a list and adds its new entries to the map (digest -> struct referrer). */
bool referrers_read(struct arena *arena, struct str bytes, struct map *into, struct error *err);
/* The artifact type of a manifest: its artifactType, else the type of its config. */
struct str referrers_type(const struct manifest *manifest);
/*
 * The descriptor by which a list names the referrer: type, digest and size, the artifact type, and
 * all annotations of the manifest in their own text. The empty slice without memory.
 */
struct str referrers_describe(struct arena *arena, const struct manifest *manifest,
			      const char *digest);
/*
 * The list old, or a new one when old is empty, with the descriptors after its own entries, which
 * keep their text. ERROR_CORRUPT: old is not an index.
 */
bool referrers_append(struct arena *arena, struct str old, const struct str *descriptors,
		      size_t count, struct str *out, struct error *err);
