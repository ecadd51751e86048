/* Most rules say nothing about terms, and have none of their own. */
#include "config/rules/rule.h"

const struct terms *rule_terms(const struct rule *rule)
{
	static const struct terms nothing;
	return rule->terms ? rule->terms : &nothing;
}

bool rule_set_terms(struct arena *arena, struct rule *rule, const struct terms *terms)
{
	struct terms *copy = arena_new_of(arena, struct terms);
	if (copy)
		*copy = *terms;
	rule->terms = copy;
	return copy != NULL;
}
