/* When an image was created, as far as it says so: for rules that take the newest images. */
#pragma once

#include "oci/platform.h"
#include "store/store.h"

/*
 * Writes the seconds since 1970 at which the image that source names was created, 0 when it does
 * not say: from its configuration, else from the annotation org.opencontainers.image.created
 * (image-spec "Annotations"). Of an index the first image counts that filter lets pass; filter may
 * be NULL. Costs a GET for each index, one for the manifest and one for the configuration.
 */
bool created_of(const struct stores *stores, const struct reference *source,
		const struct platform_filter *filter, int64_t *when, struct error *err);
