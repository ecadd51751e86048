/* Reads small documents as a whole: manifests, and the configuration of an image. */
#pragma once

#include "copy/image.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "store/store.h"

/* Fetches the manifest that reference, a tag or digest, names; verified, parsed, and in arena. */
bool fetch_manifest(const struct store *store, struct arena *arena, const char *reference,
		    struct manifest *out, struct error *err);
/*
 * Fetches the manifest with that digest from the image's source, once for all destinations of the
 * image; verified and parsed. Valid as long as arena and image.
 */
bool fetch_source(struct image *image, struct arena *arena, const char *digest,
		  struct manifest *out, struct error *err);
/* Like fetch_source(), without the document: for a manifest that is only copied. */
bool fetch_closure(struct image *image, struct arena *arena, const char *digest,
		   struct manifest *out, struct error *err);
/*
 * Reading digest from the source failed with err: if that is ERROR_MISSING, and the source itself
 * named the digest, marks the image as lost. Always false.
 */
bool fetch_missed(struct image *image, const char *digest, const struct error *err);
/*
 * Fetches the configuration of the image that manifest describes; verified, parsed, and in arena.
 * *known false: there is none of a known type, *out is zeroed and no request was sent.
 */
bool fetch_config(const struct store *store, struct arena *arena, const struct manifest *manifest,
		  bool *known, struct image_config *out, struct error *err);
/*
 * Fetches a blob of at most max bytes; verified, in arena. ERROR_UNSUPPORTED: it is larger.
 */
bool fetch_blob(const struct store *store, struct arena *arena, const struct descriptor *blob,
		int64_t max, struct str *out, struct error *err);
