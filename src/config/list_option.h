/* The list of images that --list names, as rules to copy them below --to. */
#pragma once

#include "config/expand.h"
#include "config/options/options.h"
#include "config/problem.h"
#include "config/rules/rule.h"

/* options->list is given. Mistakes go to problems. */
void list_option_read(struct arena *arena, const struct options *options,
		      const struct expand_lookup *lookup, struct rules *rules,
		      struct problems *problems);
