/*
 * Which rules are whose when N jobs share the work (--shard).
 *
 * The unit is a destination repository: all rules that write to it go to the same job, so its
 * layers are sent once and only that job can meet a collision there. Each job works out the same
 * distribution from the same rules, without talking to the others. Pure.
 */
#pragma once

#include "plan/plan.h"

/*
 * Keeps of the rules those of part index of count, in order; *rule_count becomes their number. No
 * part gets more than a quarter over its share of the repositories, rounded up. When a repository
 * is added or removed, nearly all others stay where they were. False without memory.
 */
bool shard_select(struct plan_rule *rules, size_t *rule_count, unsigned index, unsigned count);
