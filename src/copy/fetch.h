/* Small documents read whole: manifests, and the configuration of an image. */
#pragma once

#include "copy/image.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "store/store.h"

/* The manifest that reference, a tag or digest, names; verified and parsed, all of it in arena. */
bool fetch_manifest(const struct store *store, struct arena *arena, const char *reference,
		    struct manifest *out, struct error *err);
/*
 * The manifest with that digest at the image's source, asked for once for all destinations of the
 * image; verified and parsed. Valid as long as arena and image.
 */
bool fetch_source(struct image *image, struct arena *arena, const char *digest,
		  struct manifest *out, struct error *err);
/* As fetch_source(), without the document: for what is only to be copied. */
bool fetch_closure(struct image *image, struct arena *arena, const char *digest,
		   struct manifest *out, struct error *err);
/*
 * The source does not serve digest: where that is ERROR_MISSING, and the source itself named the
 * digest, the image is marked as lost. Always false.
 */
bool fetch_missed(struct image *image, const char *digest, const struct error *err);
/*
 * The configuration of the image that manifest describes; verified and parsed, all of it in arena.
 * *known false: it has none of a type whose content is known, *out is zeroed and nothing was asked.
 */
bool fetch_config(const struct store *store, struct arena *arena, const struct manifest *manifest,
		  bool *known, struct image_config *out, struct error *err);
/*
 * The bytes of a blob of at most max bytes; verified, in arena. ERROR_UNSUPPORTED: it is larger.
 */
bool fetch_blob(const struct store *store, struct arena *arena, const struct descriptor *blob,
		int64_t max, struct str *out, struct error *err);
