/* --os and --arch as a filter on platforms. */
#pragma once

#include "config/options/options.h"
#include "oci/platform.h"

/*
 * The patterns of both options, split at commas, as a filter in arena; NULL when there is none.
 * Values that can match no image go to problems.
 */
const struct platform_filter *platform_options_read(struct arena *arena,
						    const struct options *options,
						    struct problems *problems);
