/*
 * What is kept of a rule that names one image on each side: of these there may be a hundred
 * thousand.
 *
 * One thread. Zeroed memory with an arena for hosts keeps nothing yet.
 */
#pragma once

#include "base/intern.h"
#include "plan/plan.h"

struct keep {
	struct intern hosts; /* its arena holds all that is kept */
	struct map names;    /* host/repository -> struct reference */
};

void keep_finish(struct keep *keep);
/*
 * Copies side, which text was parsed into and which has one item at most. The copy refers to text,
 * and shares its name with others. False without memory.
 */
bool keep_side(struct keep *keep, const char *text, const struct plan_side *side,
	       struct plan_side *out);
