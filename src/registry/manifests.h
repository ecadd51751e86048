/*
 * Manifests of a repository (distribution-spec 1.1: "Pulling manifests", "Checking if content
 * exists in the registry"). push.h writes them.
 */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/* Asks for the manifest that reference, a tag or digest, names. Not found is no error. */
bool manifests_head(const struct repository *repository, struct arena *arena, const char *reference,
		    struct manifest_status *out, struct error *err);
/*
 * Fetches the manifest that reference names, by GET and past caches: the one that is served now.
 * Not found is no error.
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
 * Asks once whether the repository serves digest as a manifest. Anything but a plain yes counts as
 * no, except that a refused login is an error.
 */
bool manifests_probe(const struct repository *repository, const char *digest, bool *found,
		     struct error *err);

/*
 * Asks whether reference holds the manifest with that digest. If the registry uses another digest
 * algorithm, its bytes are hashed. Not found is no error: *same is false.
 */
bool manifests_holds(const struct repository *repository, struct arena *arena,
		     const char *reference, const char *digest, bool *same, struct error *err);
