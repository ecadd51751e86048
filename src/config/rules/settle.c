/*
 * A hundred thousand rules may say nothing about terms, or one list of images the same for all of
 * them, so equal terms are completed once and shared.
 */
#include "config/rules/settle.h"

#include "config/rules/companion_options.h"

#include <string.h>

struct settling {
	struct arena *arena;
	const struct terms *options; /* what they ask for */
	const struct terms *general; /* the terms of a rule that says nothing */
	struct problems *problems;
};

/* The destinations of a source share what is joined, so that they share its downloads, too. */
static void join_companions(const struct settling *settling, struct terms *terms,
			    const struct rule *rule, const struct rule *before,
			    const struct terms *said)
{
	const struct terms *general = settling->options;
	if (before && said->companions == terms->companions && said->demanded == terms->demanded)
		terms->companions = rule_terms(before)->companions;
	else if (terms->companions != general->companions || terms->demanded != general->demanded)
		companion_options_join(settling->arena, terms, rule->source_place,
				       settling->problems);
}

/* Where referrers are is of no use to a rule that wants none. */
static bool wants_companions(const struct terms *terms)
{
	return terms->signer || (terms->companions && !companion_filter_empty(terms->companions));
}

/* Rules on the same terms, as those that say nothing are. */
struct same_terms {
	const struct terms *said; /* NULL: nothing */
	struct terms own;         /* what is said, completed */
	const struct terms *settled;
};

/*
 * Settles the terms of a rule, which comes after before. One that says nothing gets those of the
 * options.
 */
static void settle_terms(const struct settling *settling, struct rule *rule,
			 const struct rule *before, struct same_terms *same)
{
	const struct terms *said = rule->terms;
	if (before && said == same->said) {
		rule->terms = same->settled;
		return;
	}
	struct terms own = said ? *said : *settling->general;
	struct terms *settled = said ? arena_new_of(settling->arena, struct terms) : NULL;
	if (said && !settled)
		problem_add(settling->problems, NULL, "out of memory");
	terms_complete(&own, settling->options);
	if (settled) {
		*settled = own;
		join_companions(settling, settled, rule, before, &same->own);
	}
	rule->terms = settled ? settled : settling->general;
	*same = (struct same_terms){said, own, rule->terms};
}

static void settle_all(const struct settling *settling, struct rules *rules)
{
	const struct terms *general = settling->general;
	struct same_terms same = {.said = NULL};
	bool any = wants_companions(general);
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->items[i];
		const struct rule *before = i ? &rules->items[i - 1] : NULL;
		settle_terms(settling, rule, before, &same);
		any |= wants_companions(rule->terms);
		if (same.own.referrers_from && same.own.from_said && !same.own.demanded_said &&
		    !wants_companions(rule->terms) &&
		    !(before && strcmp(before->source_place, rule->source_place) == 0))
			problem_add(settling->problems, rule->source_place,
				    "%.300s: referrers-from says where referrers are, but the rule "
				    "wants none: add referrers: true, or the types",
				    rule->source);
	}
	if (general->referrers_from && !any)
		problem_add(settling->problems, NULL,
			    "--referrers-from says where referrers are, but no rule wants any: add "
			    "--referrers all, or the types");
}

void settle_rules(struct arena *arena, struct rules *rules, const struct terms *options,
		  struct problems *problems)
{
	struct terms *general = arena_new_of(arena, struct terms);
	const struct settling settling = {arena, options, general, problems};
	if (!general) {
		problem_add(problems, NULL, "out of memory");
		return;
	}
	terms_complete(general, options);
	settle_all(&settling, rules);
}
