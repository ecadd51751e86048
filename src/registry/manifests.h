/*
 * Manifests of a repository (distribution-spec 1.1: "Pulling manifests", "Checking if content
 * exists in the registry"). push.h writes them.
 */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/* Asks for the manifest that reference, a tag or digest, names. Not found is an answer. */
bool manifests_head(const struct repository *repository, struct arena *arena, const char *reference,
		    struct manifest_status *out, struct error *err);
/*
 * Reads what reference stands for, by GET and past caches: what comes is what is served now. Not
 * found is an answer.
 */
bool manifests_look(const struct repository *repository, struct arena *arena, const char *reference,
		    bool *found, struct manifest_bytes *out, struct error *err);
/*
 * Fetches a manifest. With a digest as reference the bytes are checked against it (ERROR_CORRUPT),
 * with a tag the digest is computed. ERROR_MISSING: there is none.
 */
bool manifests_get(const struct repository *repository, struct arena *arena, const char *reference,
		   struct manifest_bytes *out, struct error *err);

/*
 * Whether the repository serves digest as a manifest, asked once. Anything but a plain yes counts
 * as no, refusals of the login excepted.
 */
bool manifests_probe(const struct repository *repository, const char *digest, bool *found,
		     struct error *err);

/*
 * Whether reference holds the manifest with that digest. A registry may know it by another
 * algorithm: then its bytes are hashed. Nothing there is an answer, *same false.
 */
bool manifests_holds(const struct repository *repository, struct arena *arena,
		     const char *reference, const char *digest, bool *same, struct error *err);
