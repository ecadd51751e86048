/*
 * The configuration blob of an image, as far as copying needs it (image-spec "Image
 * Configuration"): its platform and when it was created.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/platform.h"

enum { IMAGE_CONFIG_BYTES_MAX = 4 * 1024 * 1024 };

struct image_config {
	struct platform platform; /* members that are not stated are empty slices */
	int64_t created;          /* seconds since 1970; 0: not known */
};

/* True for the types whose blob is an image's configuration. Other blobs must not be parsed. */
bool image_config_known(struct str media_type);
/* Parses a blob of such a type; texts live in arena. ERROR_CORRUPT: it is not a JSON object. */
bool image_config_parse(struct arena *arena, struct str bytes, struct image_config *out,
			struct error *err);
/* A time in the form of image_config: 0 when it is not RFC 3339, or not after 1970-01-01. */
int64_t image_config_time(struct str text);
