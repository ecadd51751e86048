/*
 * What the rules before have planned: which there are already, and which of them writes an image.
 *
 * Every name of Docker Hub's registry is one here. A failed allocation sticks in out_of_memory,
 * which the owner asks when it is done. Zeroed memory with an arena for
 * names is empty.
 */
#pragma once

#include "base/intern.h"
#include "plan/plan.h"

struct claims {
	struct intern names; /* hosts and repositories */
	struct map rules;    /* text of a rule -> struct rule */
	struct map images;   /* destination image -> struct destination_claim */
	/* The rule that has what the last one asked for, or the last pair; NULL: none. */
	const struct rule *earlier;
	bool out_of_memory;
};

enum claims_answer {
	CLAIM_NEW,
	CLAIM_KNOWN,   /* an earlier pair is of the same source and destination */
	CLAIM_REFUSED, /* another rule writes another image there, or copies it in another way */
};

void claims_finish(struct claims *claims);
/*
 * True the first time that a rule is seen of which the images are not known yet. Also false when an
 * earlier rule has other terms for the same repositories, which goes to problems.
 */
bool claims_rule_is_new(struct claims *claims, const struct plan_rule *rule,
			struct problems *problems);
/*
 * Reserves a destination for the image source of the rule, or with NULL for some image of its
 * source. Both must outlive the claims. CLAIM_REFUSED goes to problems.
 */
enum claims_answer claims_take(struct claims *claims, const struct plan_rule *rule,
			       const struct reference *source, const struct reference *destination,
			       struct problems *problems);
/*
 * Adds the prune of a rule that is left out to the one of these planned rules that has all its
 * pairs, if one has. What is made for it is in arena.
 */
void claims_keep_prune(struct claims *claims, struct arena *arena, const struct rule *rule,
		       struct plan_rule *rules, size_t count);
