/*
 * What the rules before have planned: which pairs there are already, and who writes which image.
 *
 * Every name of Docker Hub's registry is one here. A failed allocation sticks in out_of_memory,
 * which the owner asks when it is done. Zeroed memory with an arena is empty.
 */
#pragma once

#include "base/map.h"
#include "plan/plan.h"

struct claims {
	struct arena *arena;
	struct map pairs;  /* text of a pair -> struct rule */
	struct map images; /* destination image -> struct claim */
	bool out_of_memory;
};

void claims_finish(struct claims *claims);
/* True the first time a pair of this rule is seen. */
bool claims_pair_is_new(struct claims *claims, const struct plan_rule *rule,
			const struct reference *source, const struct reference *destination);
/*
 * The same for a rule whose images are not known yet, as a whole. Also false when an earlier rule
 * has other terms for the same repositories, which goes to problems.
 */
bool claims_rule_is_new(struct claims *claims, const struct plan_rule *rule,
			struct problems *problems);
/*
 * Reserves a destination for the image source of the rule, or with NULL for some image of its
 * source. False: another rule writes another image there or has other terms for it, which goes to
 * problems.
 */
bool claims_take(struct claims *claims, const struct plan_rule *rule,
		 const struct reference *source, const struct reference *destination,
		 struct problems *problems);
