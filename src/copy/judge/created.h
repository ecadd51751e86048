/* Finds out when an image was created, for rules that take the newest images. */
#pragma once

#include "oci/platform.h"
#include "store/store.h"

/*
 * Sets *when to the time when the image that source names was created, in seconds since 1970; 0:
 * the image does not say. It is taken from the configuration, else from the annotation
 * org.opencontainers.image.created (image-spec "Annotations"). For an index the first image that
 * passes filter counts; filter may be NULL. Costs a GET for each index, one for the manifest and
 * one for the configuration.
 */
bool created_of(const struct stores *stores, const struct reference *source,
		const struct platform_filter *filter, int64_t *when, struct error *err);
