/* --os, --arch and --platform as a filter on platforms. */
#pragma once

#include "config/options/options.h"
#include "oci/platform.h"

/*
 * The patterns of these options, split at commas, as a filter in arena; NULL when there is none.
 * Values that can match no image go to problems.
 */
const struct platform_filter *platform_options_read(struct arena *arena,
						    const struct options *options,
						    struct problems *problems);
/*
 * Reads values of the form os/architecture[/variant], split at commas, into the platforms of *out;
 * option is for messages. False without memory.
 */
bool platform_options_names(struct arena *arena, const struct option_list *list, const char *option,
			    struct platform_filter *out, struct problems *problems);
