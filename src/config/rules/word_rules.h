/* SRC DST [DST]... on the command line, as rules. */
#pragma once

#include "config/expand.h"
#include "config/options/options.h"
#include "config/problem.h"
#include "config/rules/rule.h"

/* Makes the words of the options the only rules: one for each destination. */
void word_rules_read(struct arena *arena, const struct options *options,
		     const struct expand_lookup *lookup, struct rules *out,
		     struct problems *problems);
