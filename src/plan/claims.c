/*
 * Rules with patterns, selections or all tags claim for their whole repository: two of them may
 * turn out to mean the same image, which is no mistake, and what turns out to be one is found when
 * they are expanded.
 */
#include "plan/claims.h"

#include "plan/side.h"

#include <string.h>

struct destination_claim {
	const char *source;     /* the image, or its repository while it is not known */
	const char *repository; /* of the source */
	const struct rule *rule;
	bool whole; /* source is a repository */
};

void claims_finish(struct claims *claims)
{
	map_finish(&claims->pairs);
	map_finish(&claims->images);
}

/* text, or "" without memory, which ends the planning. */
static const char *known(struct claims *claims, const char *text)
{
	claims->out_of_memory = claims->out_of_memory || !text;
	return text ? text : "";
}

static const char *text_of(struct claims *claims, const struct reference *ref)
{
	return known(claims, reference_string(claims->arena, ref));
}

/* The same for comparing. */
static const char *identity(struct claims *claims, const struct reference *ref)
{
	struct reference same = *ref;
	same.host = reference_api_host(ref->host);
	return text_of(claims, &same);
}

/*
 * The rule that has key already; NULL when there was none, so that the key is this rule's now. Also
 * without memory.
 */
static const struct rule *holder(struct claims *claims, const char *key, const struct rule *rule)
{
	const struct rule *first = map_get(&claims->pairs, str_of(key));
	if (!first && !map_put(&claims->pairs, str_of(key), (void *)(uintptr_t)rule))
		claims->out_of_memory = true;
	return first;
}

bool claims_pair_is_new(struct claims *claims, const struct plan_rule *rule,
			const struct reference *source, const struct reference *destination)
{
	char *key = arena_printf(claims->arena, "%s %s", identity(claims, source),
				 identity(claims, destination));
	return !holder(claims, known(claims, key), rule->rule);
}

static void complain_terms(const char *difference, const char *destination, const struct rule *rule,
			   const struct rule *first, struct problems *problems)
{
	problem_add(problems, rule->destination_place,
		    "two different values of %s for one destination: %s is written by the rule at "
		    "%s as well. Make both rules say the same, or remove one",
		    difference, destination, first->destination_place);
}

/*
 * Two rules for all tags are the same when their repositories are. Where tags are picked, their
 * texts must be the same: whatever else they have in common is found when they are expanded.
 */
static void print_rule(struct claims *claims, const struct plan_rule *rule, struct buf *key)
{
	if (rule->select || rule->source.count || side_has_patterns(&rule->destination)) {
		buf_printf(key, "%s %s %p", rule->rule->source, rule->rule->destination,
			   (const void *)rule->rule->selection);
		return;
	}
	buf_printf(key, "%s %s", identity(claims, &rule->source.name),
		   identity(claims, &rule->destination.name));
	for (size_t i = 0; i < rule->destination.count; i++)
		buf_printf(key, ",%s", identity(claims, &rule->destination.items[i].ref));
}

bool claims_rule_is_new(struct claims *claims, const struct plan_rule *rule,
			struct problems *problems)
{
	scoped(buf_finish) struct buf key = {0};
	print_rule(claims, rule, &key);
	claims->out_of_memory = claims->out_of_memory || !buf_ok(&key);
	const struct rule *first =
		claims->out_of_memory ? NULL : holder(claims, buf_string(&key), rule->rule);
	if (!first)
		return true;
	const char *difference = terms_difference(&first->terms, &rule->rule->terms);
	if (difference)
		complain_terms(difference, text_of(claims, &rule->destination.name), rule->rule,
			       first, problems);
	return false;
}

static bool same_image(const struct destination_claim *a, const struct destination_claim *b)
{
	if (a->whole || b->whole)
		return strcmp(a->repository, b->repository) == 0;
	return strcmp(a->source, b->source) == 0;
}

bool claims_take(struct claims *claims, const struct plan_rule *rule,
		 const struct reference *source, const struct reference *destination,
		 struct problems *problems)
{
	struct reference image = *destination;
	struct destination_claim claim = {.repository = text_of(claims, &rule->source.name),
					  .rule = rule->rule,
					  .whole = !source};
	claim.source = source ? text_of(claims, source) : claim.repository;
	if (!image.tag && !image.digest)
		return true; /* a pattern: what it finds is told apart when the rule is expanded */
	if (image.tag)
		image.digest = NULL;
	const char *key = identity(claims, &image);
	const struct destination_claim *old = map_get(&claims->images, str_of(key));
	if (!old) {
		struct destination_claim *copy =
			arena_new_of(claims->arena, struct destination_claim);
		if (copy)
			*copy = claim;
		if (!copy || !map_put(&claims->images, str_of(key), copy))
			claims->out_of_memory = true;
		return true;
	}
	/* A digest names the same content whichever repository it is read from. */
	if (image.tag && !same_image(old, &claim)) {
		problem_add(problems, rule->destination_place,
			    "two sources for one destination: %s is written from %s here and from "
			    "%s at %s",
			    text_of(claims, &image), claim.source, old->source,
			    old->rule->destination_place);
		return false;
	}
	const char *difference = terms_difference(&old->rule->terms, &claim.rule->terms);
	if (difference)
		complain_terms(difference, text_of(claims, &image), claim.rule, old->rule,
			       problems);
	return !difference;
}
