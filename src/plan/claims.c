/*
 * Rules with patterns, selections or all tags claim for their whole repository: two of them may
 * turn out to mean the same image, which is no mistake, and what turns out to be one is found when
 * they are expanded.
 */
#include "plan/claims.h"

#include "plan/prune.h"
#include "plan/side.h"

#include <string.h>

struct destination_claim {
	struct reference source; /* without tag and digest while it is not known */
	const struct rule *rule;
	bool whole; /* source is not known: some image of its repository */
};

void claims_finish(struct claims *claims)
{
	map_finish(&claims->rules);
	map_finish(&claims->images);
	intern_finish(&claims->names);
}

/* text, or "" without memory, which ends the planning. */
static const char *known(struct claims *claims, const char *text)
{
	claims->out_of_memory = claims->out_of_memory || !text;
	return text ? text : "";
}

static const char *text_of(struct claims *claims, const struct reference *ref)
{
	return known(claims, reference_string(claims->names.arena, ref));
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
	const struct rule *first = map_get(&claims->rules, str_of(key));
	if (!first && !map_put(&claims->rules, str_of(key), (void *)(uintptr_t)rule))
		claims->out_of_memory = true;
	return first;
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
	buf_printf(key, "%s %s", identity(claims, rule->source.name),
		   identity(claims, rule->destination.name));
	for (size_t i = 0; i < rule->destination.count; i++) {
		struct reference image =
			side_image(&rule->destination, &rule->destination.items[i]);
		buf_printf(key, ",%s", identity(claims, &image));
	}
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
	const char *difference = terms_difference(rule_terms(first), rule_terms(rule->rule));
	if (difference)
		complain_terms(difference, text_of(claims, rule->destination.name), rule->rule,
			       first, problems);
	else
		claims->earlier = first;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_image(const struct destination_claim *a, const struct destination_claim *b)
{
	bool repository = same_text(a->source.host, b->source.host) &&
			  same_text(a->source.repository, b->source.repository);
	bool image = same_text(a->source.tag, b->source.tag) &&
		     same_text(a->source.digest, b->source.digest);
	return repository && (image || a->whole || b->whole);
}

/*
 * Writes the destination image as a key. Of these there may be a hundred thousand, so host and
 * repository are in it as the addresses of their texts.
 */
static void print_image(struct claims *claims, const struct reference *image, struct buf *key)
{
	const char *name[] = {
		known(claims, intern_text(&claims->names, reference_api_host(image->host))),
		known(claims, intern_text(&claims->names, image->repository))};
	buf_add(key, (const void *)name, sizeof(name));
	buf_printf(key, "%s%s", image->tag ? ":" : "@", image->tag ? image->tag : image->digest);
	claims->out_of_memory = claims->out_of_memory || !buf_ok(key);
}

/* Adds a claim for a destination that has none. */
static void add_claim(struct claims *claims, struct str key, const struct destination_claim *claim)
{
	struct destination_claim *copy =
		arena_new_of(claims->names.arena, struct destination_claim);
	if (copy)
		*copy = *claim;
	if (!copy || !map_put(&claims->images, key, copy))
		claims->out_of_memory = true;
}

enum claims_answer claims_take(struct claims *claims, const struct plan_rule *rule,
			       const struct reference *source, const struct reference *destination,
			       struct problems *problems)
{
	struct reference image = *destination;
	claims->earlier = NULL;
	struct destination_claim claim = {.source = source ? *source : *rule->source.name,
					  .rule = rule->rule,
					  .whole = !source};
	scoped(buf_finish) struct buf key = {0};
	if (!image.tag && !image.digest)
		return CLAIM_NEW; /* a pattern: what it finds is told apart later */
	if (image.tag)
		image.digest = NULL;
	print_image(claims, &image, &key);
	if (claims->out_of_memory)
		return CLAIM_NEW;
	const struct destination_claim *old = map_get(&claims->images, buf_str(&key));
	if (!old) {
		add_claim(claims, buf_str(&key), &claim);
		return CLAIM_NEW;
	}
	bool same = same_image(old, &claim);
	/* A digest names the same content whichever repository it is read from. */
	if (image.tag && !same) {
		problem_add(problems, rule->rule->destination_place,
			    "two sources for one destination: %s is written from %s here and from "
			    "%s at %s",
			    text_of(claims, &image), text_of(claims, &claim.source),
			    text_of(claims, &old->source), old->rule->destination_place);
		return CLAIM_REFUSED;
	}
	const char *difference = terms_difference(rule_terms(old->rule), rule_terms(claim.rule));
	if (difference)
		complain_terms(difference, text_of(claims, &image), claim.rule, old->rule,
			       problems);
	if (difference)
		return CLAIM_REFUSED;
	if (!same || old->whole || claim.whole)
		return CLAIM_NEW;
	claims->earlier = old->rule;
	return CLAIM_KNOWN;
}

void claims_keep_prune(struct claims *claims, struct arena *arena, const struct rule *rule,
		       struct plan_rule *rules, size_t count)
{
	if (!rule->prune || !claims->earlier)
		return;
	while (count && rules[count - 1].rule != claims->earlier)
		count--;
	if (!count)
		return;
	struct prune *both = arena_new_of(arena, struct prune);
	claims->out_of_memory = claims->out_of_memory || !both;
	if (both)
		*both = prune_join(rule->prune, rules[count - 1].prune);
	rules[count - 1].prune = both;
}
