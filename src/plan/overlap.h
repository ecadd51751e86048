/*
 * What rules have in common, as far as that can be told without a registry: for `check`.
 *
 * A run needs none of this. It does work that two rules ask for only once, and refuses a collision
 * where it can see one; what patterns, selections and namespaces stand for it learns later. Here
 * they are compared by what they say, and rules with mistakes are left out. Pure.
 */
#pragma once

#include "config/problem.h"
#include "config/rules/rule.h"
#include "plan/namespace.h"

struct overlap_rules {
	const struct rule *items; /* those for repositories */
	size_t count;
	const struct namespace_rule *namespaces;
	size_t namespace_count;
};

/* Warnings of each kind; zeroed memory is empty. */
struct overlaps {
	struct problems duplicates; /* one image is written to one destination by two rules */
	struct problems shadows;    /* all that a rule copies, another one copies as well */
	struct problems conflicts;  /* two rules may turn out to disagree about a destination */
};

void overlap_finish(struct overlaps *overlaps);
/* Adds to *out, each place being that of a rule. False without memory. */
bool overlap_find(struct arena *arena, const struct overlap_rules *rules, struct overlaps *out);
