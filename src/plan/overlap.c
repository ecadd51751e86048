/*
 * Only rules with the same destination repository can have anything in common. Of these, rules that
 * name all their tags are looked up by tag, however many they are; each of the others is compared
 * with all, and the number of comparisons is bounded.
 *
 * Two patterns have a tag in common if their texts are the same. Whether others have is not asked:
 * warnings about rules that never meet would hide those about rules that do.
 */
#include "plan/overlap.h"

#include "base/map.h"
#include "plan/plan.h"
#include "plan/select.h"
#include "plan/side.h"

#include <string.h>

enum { COMPARISONS_MAX = 1000000 };

/* A rule, parsed by itself. */
struct member {
	const struct rule *rule;
	struct plan_side from, to;
	const struct select *select; /* NULL: everything */
	const char *source;          /* host and repository, the same for all names of a host */
	const char *destination;
	bool fixed;          /* it names all its tags */
	bool shadowed;       /* which was told: one rule that copies all of it is enough */
	struct member *next; /* with the same destination */
};

/* The members with one destination, in the order of the rules. */
struct group {
	struct member *first, **end;
};

struct overlap {
	struct arena *arena;
	struct overlaps *out;
	struct member *members;
	size_t member_count;
	struct map groups;  /* destination -> struct group */
	struct map pairs;   /* source, destination and tag -> struct member */
	size_t comparisons; /* done so far */
	bool out_of_memory;
};

void overlap_finish(struct overlaps *overlaps)
{
	problem_finish(&overlaps->duplicates);
	problem_finish(&overlaps->shadows);
	problem_finish(&overlaps->conflicts);
}

static void finish(struct overlap *overlap)
{
	map_finish(&overlap->groups);
	map_finish(&overlap->pairs);
}

/* --- parsing ------------------------------------------------------------------------------- */

static const char *identity(struct overlap *overlap, const struct reference *name)
{
	const char *text = arena_printf(overlap->arena, "%s/%s", reference_api_host(name->host),
					name->repository);
	overlap->out_of_memory |= !text;
	return text;
}

static bool parse_sides(struct overlap *overlap, struct member *out, struct error *err)
{
	const struct rule *rule = out->rule;
	return side_parse(overlap->arena, str_of(rule->source), &out->from, err) &&
	       side_parse(overlap->arena, str_of(rule->destination), &out->to, err);
}

/* False: it has mistakes, which are told elsewhere, or there is no memory. */
static bool parse(struct overlap *overlap, const struct rule *rule, struct member *out)
{
	scoped(problem_finish) struct problems ignored = {0};
	struct error err = {0};
	bool memory = true;
	*out = (struct member){.rule = rule};
	if (!parse_sides(overlap, out, &err)) {
		overlap->out_of_memory |= err.kind == ERROR_MEMORY;
		return false;
	}
	bool good = !rule->selection || select_parse(overlap->arena, rule->selection, &out->from,
						     &out->select, &ignored, &memory);
	out->source = identity(overlap, out->from.name);
	out->destination = identity(overlap, out->to.name);
	out->fixed = out->from.count && !out->select && !side_has_patterns(&out->from);
	overlap->out_of_memory |= !memory;
	return good && !overlap->out_of_memory;
}

static void join(struct overlap *overlap, struct member *member)
{
	struct group *group = map_get(&overlap->groups, str_of(member->destination));
	if (!group) {
		group = arena_new_of(overlap->arena, struct group);
		if (!group || !map_put(&overlap->groups, str_of(member->destination), group)) {
			overlap->out_of_memory = true;
			return;
		}
		group->end = &group->first;
	}
	*group->end = member;
	group->end = &member->next;
}

static void parse_all(struct overlap *overlap, const struct overlap_rules *rules)
{
	overlap->members = arena_array(overlap->arena, rules->count, sizeof(*overlap->members));
	overlap->out_of_memory = !overlap->members;
	for (size_t i = 0; i < rules->count && !overlap->out_of_memory; i++) {
		struct member *member = &overlap->members[overlap->member_count];
		if (!parse(overlap, &rules->items[i], member))
			continue;
		overlap->member_count++;
		join(overlap, member);
	}
}

/* What two rules say differently; NULL also without memory, which is noted. */
static const char *difference_of(struct overlap *overlap, const struct rule *a,
				 const struct rule *b)
{
	const char *difference;
	if (terms_compare(rule_terms(a), rule_terms(b), &difference))
		return difference;
	overlap->out_of_memory = true;
	return NULL;
}

/* --- duplicates ---------------------------------------------------------------------------- */

/* Two rules with other terms for one image are a mistake of the rules, which a run reports. */
static void tell_duplicate(struct overlap *overlap, const struct member *member,
			   const struct member *first, const char *source, const char *destination)
{
	struct problems *out = &overlap->out->duplicates;
	if (member == first)
		problem_warn(out, member->rule->source_place, "%s is listed twice: remove one",
			     source);
	else if (!difference_of(overlap, member->rule, first->rule))
		problem_warn(out, member->rule->source_place,
			     "%s is copied to %s by the rule at %s as well: remove one", source,
			     destination, first->rule->source_place);
}

static void find_duplicate(struct overlap *overlap, struct member *member,
			   const struct reference *from, const struct reference *to)
{
	struct reference source = *from, destination = *to;
	source.host = reference_api_host(from->host);
	destination.host = reference_api_host(to->host);
	const char *from_key = reference_string(overlap->arena, &source);
	const char *to_key = reference_string(overlap->arena, &destination);
	const char *from_text = reference_string(overlap->arena, from);
	const char *to_text = reference_string(overlap->arena, to);
	overlap->out_of_memory |= !from_key || !to_key || !from_text || !to_text;
	const char *key = overlap->out_of_memory
				  ? NULL
				  : arena_printf(overlap->arena, "%s %s", from_key, to_key);
	overlap->out_of_memory |= !key;
	if (!key)
		return;
	const struct member *first = map_get(&overlap->pairs, str_of(key));
	if (first)
		tell_duplicate(overlap, member, first, from_text, to_text);
	overlap->out_of_memory |= !map_put(&overlap->pairs, str_of(key), member);
}

static void find_duplicates(struct overlap *overlap, struct member *member)
{
	bool same = !member->to.count;
	if (!member->fixed || (!same && member->to.count != member->from.count) ||
	    side_has_patterns(&member->to))
		return;
	for (size_t i = 0; i < member->from.count && !overlap->out_of_memory; i++) {
		const struct plan_item *item = &member->from.items[i];
		struct plan_item repeated = {item->tag, item->tag ? NULL : item->digest, NULL};
		struct reference from = side_image(&member->from, item);
		struct reference to =
			side_image(&member->to, same ? &repeated : &member->to.items[i]);
		find_duplicate(overlap, member, &from, &to);
	}
}

/* --- rules whose tags are not known yet ---------------------------------------------------- */

static bool takes_all(const struct member *member)
{
	return !member->from.count && !member->select;
}

static bool has_pattern(const struct member *member, const struct pattern *pattern)
{
	for (size_t i = 0; i < member->from.count; i++) {
		const struct pattern *own = member->from.items[i].pattern;
		if (own && strcmp(pattern_text(own), pattern_text(pattern)) == 0)
			return true;
	}
	return false;
}

/* Notes that there is no memory, if that was it. Returns false. */
static bool give_up(struct overlap *overlap, const struct error *err)
{
	overlap->out_of_memory |= err->kind == ERROR_MEMORY;
	return false;
}

/* True when the member certainly takes the tag, if its source has it. */
static bool takes(struct overlap *overlap, const struct member *member, const char *tag)
{
	const struct select *select = member->select;
	struct error err = {0};
	bool taken = !member->from.count;
	if (!tag || (select && (select_by_date(select) || select_compares(select))))
		return false;
	for (size_t i = 0; i < member->from.count && !taken; i++) {
		const struct plan_item *item = &member->from.items[i];
		if (!item->pattern)
			taken = item->tag && strcmp(item->tag, tag) == 0;
		else if (!pattern_match(item->pattern, str_of(tag), &taken, &err))
			return give_up(overlap, &err);
	}
	if (!taken || !select)
		return taken;
	return select_takes_tag(select, str_of(tag), &taken, &err) ? taken : give_up(overlap, &err);
}

/* True when wide takes all that narrow takes. */
static bool covers(struct overlap *overlap, const struct member *wide, const struct member *narrow)
{
	if (takes_all(wide) && !narrow->from.count)
		return true;
	for (size_t i = 0; i < narrow->from.count; i++) {
		const struct plan_item *item = &narrow->from.items[i];
		if (item->pattern ? !(takes_all(wide) ||
				      (!wide->select && has_pattern(wide, item->pattern)))
				  : !takes(overlap, wide, item->tag))
			return false;
	}
	return narrow->from.count > 0;
}

static void tell_shadow(struct overlap *overlap, const struct member *wide, struct member *narrow)
{
	const struct rule *rule = narrow->rule, *other = wide->rule;
	const char *difference = difference_of(overlap, rule, other);
	if (difference)
		problem_warn(&overlap->out->conflicts, rule->source_place,
			     "all that %s means is copied to %s by the rule at %s (%s) as well, "
			     "with another value of %s: such images fail. Exclude them there, or "
			     "remove one rule",
			     rule->source, rule->destination, other->source_place, other->source,
			     difference);
	else if (!narrow->shadowed)
		problem_warn(&overlap->out->shadows, rule->source_place,
			     "all that %s means is copied to %s by the rule at %s (%s) as well: "
			     "remove one",
			     rule->source, rule->destination, other->source_place, other->source);
	narrow->shadowed |= !difference;
}

/* True when both may take one tag, so that two images would go to one destination. */
static bool clash(struct overlap *overlap, const struct member *a, const struct member *b)
{
	if (takes_all(a) && takes_all(b))
		return true;
	for (size_t i = 0; i < b->from.count; i++) {
		const struct plan_item *item = &b->from.items[i];
		if (item->pattern ? !b->select && !a->select &&
					    (takes_all(a) || has_pattern(a, item->pattern))
				  : takes(overlap, a, item->tag) && takes(overlap, b, item->tag))
			return true;
	}
	return false;
}

static void tell_clash(struct overlap *overlap, const struct member *first,
		       const struct member *second)
{
	problem_warn(&overlap->out->conflicts, second->rule->source_place,
		     "%s and %s (%s) are both copied to %s: where both have a tag, the second of "
		     "the two images fails. Give one of them another destination, or exclude tags",
		     second->rule->source, first->rule->source, first->rule->source_place,
		     second->rule->destination);
}

/* open names not all its tags; before: it is the earlier rule. */
static void compare(struct overlap *overlap, const struct member *open, struct member *other,
		    bool before)
{
	overlap->comparisons++;
	if (open->to.count || other->to.count)
		return;
	if (strcmp(open->source, other->source) == 0) {
		if (covers(overlap, open, other) && (before || !covers(overlap, other, open)))
			tell_shadow(overlap, open, other);
	} else if (clash(overlap, open, other) &&
		   (before || other->fixed || !clash(overlap, other, open))) {
		tell_clash(overlap, before ? open : other, before ? other : open);
	}
}

static void compare_group(struct overlap *overlap, const struct group *group)
{
	for (const struct member *open = group->first; open; open = open->next) {
		bool before = false;
		if (open->fixed)
			continue;
		for (struct member *other = group->first; other; other = other->next) {
			if (overlap->comparisons >= COMPARISONS_MAX)
				return;
			if (other == open)
				before = true;
			else
				compare(overlap, open, other, before);
		}
	}
}

/* --- namespaces ---------------------------------------------------------------------------- */

static bool means(struct overlap *overlap, const struct namespace_rule *namespace,
		  const struct member *member)
{
	struct error err = {0};
	const char *host = namespace->source.host, *repository = member->from.name->repository;
	bool wanted = false;
	if (strcmp(reference_api_host(host), reference_api_host(member->from.name->host)) != 0)
		return false;
	return namespace_wants(namespace, str_of(repository), &wanted, &err)
		       ? wanted
		       : give_up(overlap, &err);
}

/* Compares the member with the rule that the namespace becomes for its repository. */
static void compare_namespace(struct overlap *overlap, const struct namespace_rule *namespace,
			      struct member *member)
{
	struct rule rule;
	struct member made;
	struct error err = {0};
	overlap->comparisons++;
	if (!means(overlap, namespace, member))
		return;
	if (!namespace_rule(overlap->arena, namespace, str_of(member->from.name->repository), &rule,
			    &err)) {
		overlap->out_of_memory |= err.kind == ERROR_MEMORY;
		return;
	}
	if (!parse(overlap, &rule, &made) || strcmp(made.destination, member->destination) != 0)
		return;
	rule.source = namespace->rule->source;
	if (!made.fixed || !member->fixed)
		compare(overlap, &made, member, true);
}

static void compare_namespaces(struct overlap *overlap, const struct overlap_rules *rules)
{
	for (size_t i = 0; i < rules->namespace_count; i++) {
		if (rules->namespaces[i].rule->route)
			continue;
		for (size_t j = 0; j < overlap->member_count; j++) {
			if (overlap->comparisons >= COMPARISONS_MAX || overlap->out_of_memory)
				return;
			compare_namespace(overlap, &rules->namespaces[i], &overlap->members[j]);
		}
	}
}

bool overlap_find(struct arena *arena, const struct overlap_rules *rules, struct overlaps *out)
{
	scoped(finish) struct overlap overlap = {.arena = arena, .out = out};
	parse_all(&overlap, rules);
	for (size_t i = 0; i < overlap.member_count && !overlap.out_of_memory; i++)
		find_duplicates(&overlap, &overlap.members[i]);
	for (size_t i = 0; i < overlap.groups.count; i++)
		compare_group(&overlap, overlap.groups.entries[i].value);
	compare_namespaces(&overlap, rules);
	if (overlap.comparisons >= COMPARISONS_MAX)
		problem_warn(&out->shadows, NULL,
			     "there are too many rules with the same destination to compare all of "
			     "them");
	return !overlap.out_of_memory;
}
