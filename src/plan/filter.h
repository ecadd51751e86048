/* Platform filters as text: for comparing them and for keys. */
#pragma once

#include "base/buf.h"
#include "oci/platform.h"

/* Appends the filter, every part of it; nothing for NULL and for an empty one. */
void filter_print(const struct platform_filter *filter, struct buf *out);
/* True when both say the same, in the same order. NULL is the filter that lets all pass. */
bool filter_equal(const struct platform_filter *a, const struct platform_filter *b);
