/* Platform filters as text, for what tests expect of them. */
#pragma once

#include "base/buf.h"
#include "oci/platform.h"

static inline void print_patterns(const char *name, const struct platform_pattern *patterns,
				  size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " %s=%.*s/%.*s/", name, STR_ARGS(patterns[i].value),
			   STR_ARGS(patterns[i].extra));
}

/* Appends every part of the filter in its order; nothing for NULL and for an empty one. */
static inline void filter_print(const struct platform_filter *filter, struct buf *out)
{
	if (!filter)
		return;
	print_patterns("os", filter->os, filter->os_count, out);
	print_patterns("arch", filter->arch, filter->arch_count, out);
	for (size_t i = 0; i < filter->platform_count; i++) {
		const struct platform *each = &filter->platforms[i];
		buf_printf(out, " platform=%.*s/%.*s/%.*s/%.*s/", STR_ARGS(each->os),
			   STR_ARGS(each->os_version), STR_ARGS(each->architecture),
			   STR_ARGS(each->variant));
	}
}
