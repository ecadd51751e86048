/*
 * What the options ask for applies to every rule that does not say otherwise.
 */
#pragma once

#include "config/problem.h"
#include "config/rules/rule.h"

/*
 * Gives each rule terms that are complete: its own, and those of the options where these leave
 * something open. They live in arena; rules with the same terms share them. Mistakes go to
 * problems.
 */
void settle_rules(struct arena *arena, struct rules *rules, const struct terms *options,
		  struct problems *problems);
