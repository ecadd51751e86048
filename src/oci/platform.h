/*
 * Platforms of images, and filters on them (image-spec "Image Index", property platform).
 *
 * Filters are those of the original: a pattern is "value" or "value:extra",
 * equal to the platform's value, or to its value and its extra (os.version for --os, variant for
 * --arch). Plain records in the caller's arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* What an index entry or an image's config says; absent values are the empty slice. */
struct platform {
	struct str os, os_version, architecture, variant;
};

struct platform_pattern {
	struct str value;
	struct str extra; /* os.version or variant; empty: any */
};

/* All non-empty parts must match; within a part one pattern suffices. */
struct platform_filter {
	const struct platform_pattern *os;
	size_t os_count;
	const struct platform_pattern *arch;
	size_t arch_count;
	const struct platform *platforms; /* "linux/arm64/v8": empty members match anything */
	size_t platform_count;
};

/* True when filter lets platform pass. A value the platform does not state passes. */
bool platform_matches(const struct platform_filter *filter, const struct platform *platform);
/* True when the filter has no pattern at all: everything passes. */
bool platform_filter_empty(const struct platform_filter *filter);
/* Parses "arm" or "arm:v7". False for an empty value. */
bool platform_pattern_parse(struct str text, struct platform_pattern *out);
/* Parses "os/architecture[/variant]" or "os". False for any other text. */
bool platform_parse(struct str text, struct platform *out);

/* The number of patterns in all three parts; they are numbered os, then arch, then platforms. */
size_t platform_pattern_count(const struct platform_filter *filter);
/*
 * Appends one pattern: "os=windows:10.0", "arch=arm:v7", "platforms=linux/arm64". ';', '%' and
 * everything but printable ASCII are written as %XX.
 */
void platform_pattern_print(const struct platform_filter *filter, size_t index, struct buf *out);
/* True when platform states the values of the pattern; a value it does not state does not match. */
bool platform_pattern_hits(const struct platform_filter *filter, size_t index,
			   const struct platform *platform);
/*
 * The filter as one text, the same for every order of its patterns: sorted, each once, joined by
 * ';'. NULL without memory.
 */
const char *platform_filter_text(struct arena *arena, const struct platform_filter *filter);
