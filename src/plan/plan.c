/*
 * What a rule says outright is paired here, once: plan_parse() leaves such rules with the same
 * number of items on both sides, so that mistakes and double work are found while they can still be
 * told by their place. Only the rules that a registry has to be asked for wait: all tags, patterns
 * in the source, a selection.
 *
 * A source with tag and digest is pulled by the digest and pushed under the tag; a destination with
 * a digest has it checked before anything is pushed.
 */
#include "plan/plan.h"

#include "config/rules/referrers_from.h"
#include "plan/claims.h"
#include "plan/items.h"
#include "plan/keep.h"
#include "plan/select.h"
#include "plan/side.h"

#include <stdio.h>
#include <string.h>

struct planner {
	struct arena *arena;
	struct arena *scratch; /* of claims, which nobody needs afterwards */
	struct keep keep;
	struct problems *problems;
	struct claims claims;
	/* The source read last: a source with several destinations is judged and told of once. */
	const struct rule *last;
	struct plan_side side;
	bool side_good;
	const struct selection *selection;
	struct plan_side selected; /* side, perhaps with the selection's tags */
	const struct select *select;
	bool select_good;
};

static void planner_finish(struct planner *planner)
{
	claims_finish(&planner->claims);
	keep_finish(&planner->keep);
	arena_free(&planner->scratch);
}

/* --- parsing ------------------------------------------------------------------------------- */

/* Tells err as a problem at place, or remembers that there is no memory. Returns false. */
static bool complain(struct planner *planner, const char *place, const char *what,
		     const struct error *err)
{
	if (err->kind == ERROR_MEMORY)
		planner->claims.out_of_memory = true;
	else
		problem_add(planner->problems, place, "%s%s", what, err->text);
	return false;
}

/* What is pulled: by digest where there is one. */
static struct reference pulled(const struct reference *image)
{
	struct reference ref = *image;
	if (ref.digest)
		ref.tag = NULL;
	return ref;
}

static bool same_source(const struct rule *a, const struct rule *b)
{
	return strcmp(a->source_place, b->source_place) == 0 && strcmp(a->source, b->source) == 0;
}

/* A selection looks at tags, so each item must have one. */
static bool check_selectable(struct planner *planner, const struct rule *rule)
{
	for (size_t i = 0; i < planner->side.count; i++) {
		const struct plan_item *item = &planner->side.items[i];
		if (item->pattern || item->tag)
			continue;
		problem_add(
			planner->problems, rule->source_place,
			"source \"%.300s\": a selection is made by tags, but %s has none: remove "
			"it, or put it into its own rule",
			rule->source, item->digest);
		return false;
	}
	return true;
}

static void parse_selection(struct planner *planner, const struct rule *rule)
{
	bool memory = true;
	planner->selection = rule->selection;
	planner->selected = planner->side;
	planner->select = NULL;
	planner->select_good = true;
	if (!rule->selection)
		return;
	planner->select_good = select_parse(planner->arena, rule->selection, &planner->selected,
					    &planner->select, planner->problems, &memory);
	if (planner->select && !check_selectable(planner, rule))
		planner->select_good = false;
	planner->claims.out_of_memory = planner->claims.out_of_memory || !memory;
}

/* Says what a star in the first item, outside of a pattern, should have been. Returns false. */
static bool hint_at_stars(struct str text, const char *hint, struct error *err)
{
	char words[ERROR_TEXT_SIZE];
	struct str name = text;
	for (size_t i = 0; i + 1 < text.len && name.len == text.len; i++)
		if (text.at[i] == ':' && text.at[i + 1] == '/')
			name = str_head(text, i);
	name = str_head(name, str_find(name, ','));
	if (err->kind != ERROR_CONFIG || str_find(name, '*') == name.len)
		return false;
	snprintf(words, sizeof(words), "%s", err->text);
	return error_set(err, ERROR_CONFIG, "%s. %s", words, hint);
}

/* What a star in the first item of a source should have been. */
static const char *source_hint(struct str text)
{
	struct str before = str_head(text, str_find(text, '*'));
	size_t slash = before.len;
	while (slash && before.at[slash - 1] != '/')
		slash--;
	return slash && str_find(str_from(before, slash), ':') < before.len - slash
		       ? "A pattern of tags is a regular expression between slashes, as in /^v1\\./"
		       : "A * means repositories only after the last '/'";
}

/* The name without the port of its registry, in which a ':' begins a tag. */
static struct str behind_port(struct str name)
{
	struct str host = str_head(name, str_find(name, '/'));
	struct str port = str_from(host, str_find(host, ':') + 1);
	int64_t number;
	return str_to_int64(port, &number) ? str_from(name, host.len) : name;
}

/* Says how all repositories are named, for what may be meant as a namespace. Returns false. */
static bool hint_at_namespace(struct str text, struct error *err)
{
	char words[ERROR_TEXT_SIZE];
	struct str name = str_ends(text, "/") ? str_head(text, text.len - 1) : text;
	struct str rest = behind_port(name);
	bool host = str_find(name, '/') == name.len &&
		    (rest.len < name.len || str_find(name, '.') < name.len);
	bool path = name.len < text.len && !str_ends(name, "/");
	if (err->kind != ERROR_CONFIG || !(host || path) || str_find(rest, ',') < rest.len ||
	    str_find(rest, '*') < rest.len || str_find(rest, ':') < rest.len ||
	    str_find(rest, '@') < rest.len)
		return false;
	snprintf(words, sizeof(words), "%s", err->text);
	return error_set(err, ERROR_CONFIG, "%s, or %.*s/%s for all of its repositories", words,
			 STR_ARGS(str_head(name, 200)), host ? "**" : "*");
}

/* Of rules for one image there may be a hundred thousand, so what parsing leaves is not kept. */
static bool parse_side(struct planner *planner, const char *text, struct plan_side *out,
		       struct error *err)
{
	scoped(arena_free) struct arena *scratch = NULL;
	struct plan_side side;
	if (!side_is_plain(str_of(text)))
		return side_parse(planner->arena, str_of(text), out, err);
	scratch = arena_new_small();
	if (!scratch)
		return error_memory(err);
	return side_parse(scratch, str_of(text), &side, err) &&
	       (keep_side(&planner->keep, text, &side, out) || error_memory(err));
}

static bool parse_source(struct planner *planner, const struct rule *rule, struct plan_rule *out)
{
	struct error err = {0};
	bool same = planner->last && same_source(planner->last, rule);
	if (!same) {
		planner->side_good = parse_side(planner, rule->source, &planner->side, &err);
		if (!planner->side_good) {
			hint_at_stars(str_of(rule->source), source_hint(str_of(rule->source)),
				      &err);
			hint_at_namespace(str_of(rule->source), &err);
			complain(planner, rule->source_place, "source ", &err);
		}
	}
	planner->last = rule;
	if (!planner->side_good)
		return false;
	if (!same || planner->selection != rule->selection)
		parse_selection(planner, rule);
	out->source = planner->selected;
	out->select = planner->select;
	return planner->select_good;
}

static bool parse_destination(struct planner *planner, const struct rule *rule,
			      struct plan_rule *out)
{
	struct error err = {0};
	if (parse_side(planner, rule->destination, &out->destination, &err))
		return true;
	hint_at_stars(str_of(rule->destination),
		      "A destination of a namespace is a prefix: leave out the *", &err);
	return complain(planner, rule->destination_place, "destination ", &err);
}

/* Finds where referrers are as well, for the host's login and because it may be nowhere. */
static bool parse_referrers(struct planner *planner, const struct rule *rule, struct plan_rule *out)
{
	const char *from = rule_terms(rule)->referrers_from;
	struct error err = {0};
	if (!from)
		return true;
	struct reference *found = arena_new_of(planner->arena, struct reference);
	out->referrers = found;
	if (!found)
		error_memory(&err);
	return (found &&
		referrers_from_name(planner->arena, from, out->source.name, found, &err)) ||
	       complain(planner, rule->source_place, "", &err);
}

/* --- pairing what is known ----------------------------------------------------------------- */

/* Checks one pair of a rule. CLAIM_REFUSED: it is a mistake, which was reported. */
static enum claims_answer check_pair(struct planner *planner, const struct plan_rule *rule,
				     const struct reference *source,
				     const struct reference *destination)
{
	planner->claims.earlier = NULL;
	if (source->digest && destination->digest &&
	    strcmp(source->digest, destination->digest) != 0) {
		problem_add(planner->problems, rule->rule->source_place,
			    "the digest of source and destination must match: %s and %s (%s)",
			    source->digest, destination->digest, rule->rule->destination_place);
		return CLAIM_REFUSED;
	}
	return claims_take(&planner->claims, rule, source, destination, planner->problems);
}

/* True for a rule from one tag to one image, whose sides are what they will be. */
static bool is_pair(const struct plan_rule *rule)
{
	return rule->source.count == 1 && !rule->source.items[0].digest &&
	       rule->destination.count <= 1 && !side_has_patterns(&rule->destination);
}

/* The same as pair_known() for such a rule. */
static bool pair_one(struct planner *planner, struct plan_rule *rule)
{
	struct plan_side *to = &rule->destination;
	struct reference from = side_image(&rule->source, &rule->source.items[0]);
	if (!to->count) {
		to->items = rule->source.items;
		to->count = 1;
	}
	struct reference into = side_image(to, &to->items[0]);
	return check_pair(planner, rule, &from, &into) == CLAIM_NEW;
}

/* Makes images the items of side. */
static bool set_items(struct arena *arena, struct plan_side *side, const struct images *images)
{
	struct plan_item *items = arena_array(arena, images->count, sizeof(*items));
	for (size_t i = 0; items && i < images->count; i++)
		items[i] = (struct plan_item){images->items[i].tag, images->items[i].digest, NULL};
	side->items = items;
	side->count = images->count;
	return items != NULL;
}

/* Both sides of a rule whose source needs no registry; their numbers are equal. */
static bool known_images(struct planner *planner, const struct plan_rule *rule,
			 struct images *sources, struct images *destinations)
{
	const struct expanding expanding = {rule, NULL, planner->problems, false};
	struct error err = {0};
	if (items_source(planner->arena, &expanding, sources, &err) &&
	    items_destination(planner->arena, &rule->destination, sources, destinations, &err))
		return true;
	if (err.kind == ERROR_CONFIG)
		error_wrap(&err, "%s/%s (%s)", rule->destination.name->host,
			   rule->destination.name->repository, rule->rule->destination_place);
	return complain(planner, rule->rule->source_place, "to ", &err);
}

/* Gives a rule with a known source its final pairs. False: leave the rule out. */
static bool pair_known(struct planner *planner, struct plan_rule *rule)
{
	struct images sources, destinations;
	size_t kept = 0;
	if (is_pair(rule))
		return pair_one(planner, rule);
	if (!known_images(planner, rule, &sources, &destinations))
		return false;
	for (size_t i = 0; i < sources.count; i++) {
		struct reference from = pulled(&sources.items[i]);
		struct reference to = destinations.items[i];
		enum claims_answer claim = check_pair(planner, rule, &from, &to);
		if (claim == CLAIM_REFUSED)
			return false;
		if (claim == CLAIM_KNOWN)
			continue;
		sources.items[kept] = from;
		destinations.items[kept++] = to;
	}
	sources.count = destinations.count = kept;
	if (!set_items(planner->arena, &rule->source, &sources) ||
	    !set_items(planner->arena, &rule->destination, &destinations))
		planner->claims.out_of_memory = true;
	return kept > 0;
}

/* A rule that needs the registry: its destination's items are known, what goes there is not. */
static bool pair_unknown(struct planner *planner, const struct plan_rule *rule)
{
	const struct plan_side *to = &rule->destination;
	for (size_t i = 0; i < to->count; i++) {
		struct reference image = side_image(to, &to->items[i]);
		if (claims_take(&planner->claims, rule, NULL, &image, planner->problems) ==
		    CLAIM_REFUSED)
			return false;
	}
	return claims_rule_is_new(&planner->claims, rule, planner->problems);
}

/* Parses one rule. False: leave it out. */
static bool parse_rule(struct planner *planner, const struct rule *rule, struct plan_rule *out)
{
	*out = (struct plan_rule){.rule = rule, .prune = rule->prune};
	planner->claims.earlier = NULL;
	bool source = parse_source(planner, rule, out);
	bool destination = parse_destination(planner, rule, out);
	if (!source || !destination || !parse_referrers(planner, rule, out))
		return false;
	return plan_is_known(out) ? pair_known(planner, out) : pair_unknown(planner, out);
}

/* Parses the rule into the next place of out. With a judge, its problems are its own. */
static void parse_next(struct planner *planner, const struct rule *rule,
		       const struct plan_judge *judge, struct plan_rule *out, size_t *count)
{
	scoped(problem_finish) struct problems own = {0};
	if (judge)
		planner->problems = &own;
	if (parse_rule(planner, rule, &out[*count]))
		++*count;
	else
		claims_keep_prune(&planner->claims, planner->arena, rule, out, *count);
	if (judge && (own.error_count || own.warnings.len))
		judge->told(judge->ctx, rule, &own);
}

static bool parse_all(struct planner *planner, const struct rules *rules,
		      const struct plan_judge *judge, struct plan_rule **out, size_t *count)
{
	*count = 0;
	planner->keep.hosts.arena = planner->arena;
	planner->scratch = planner->claims.names.arena = arena_new();
	*out = arena_array(planner->arena, rules->count, sizeof(**out));
	if (!planner->scratch || !*out)
		return false;
	for (size_t i = 0; i < rules->count && !planner->claims.out_of_memory; i++)
		parse_next(planner, &rules->items[i], judge, *out, count);
	return !planner->claims.out_of_memory;
}

bool plan_parse(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		size_t *count, struct problems *problems)
{
	scoped(planner_finish) struct planner planner = {.arena = arena, .problems = problems};
	return parse_all(&planner, rules, NULL, out, count);
}

bool plan_parse_apart(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		      size_t *count, const struct plan_judge *judge)
{
	scoped(planner_finish) struct planner planner = {.arena = arena};
	return parse_all(&planner, rules, judge, out, count);
}

bool plan_is_known(const struct plan_rule *rule)
{
	return rule->source.count && !rule->select && !side_has_patterns(&rule->source);
}

/* --- expanding ----------------------------------------------------------------------------- */

/* The images of a rule on both sides; their numbers are equal. */
static bool images_of(struct arena *arena, const struct expanding *expanding,
		      struct images *sources, struct images *destinations, struct error *err)
{
	const struct plan_rule *rule = expanding->rule;
	if (!items_source(arena, expanding, sources, err) ||
	    (rule->select && !select_apply(arena, expanding, sources, err)))
		return err->kind == ERROR_CONFIG ? error_wrap(err, "%s/%s", rule->source.name->host,
							      rule->source.name->repository)
						 : false;
	if (items_destination(arena, &rule->destination, sources, destinations, err))
		return true;
	return err->kind == ERROR_CONFIG
		       ? error_wrap(err, "%s/%s to %s/%s", rule->source.name->host,
				    rule->source.name->repository, rule->destination.name->host,
				    rule->destination.name->repository)
		       : false;
}

/* A hundred thousand of them may follow from one rule: a tag of both sides is kept once. */
static bool make_task(struct arena *arena, const struct rule *rule, const struct reference *source,
		      const struct reference *destination, struct task *out)
{
	*out = (struct task){.source = pulled(source),
			     /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one each */
			     .destination = *destination,
			     .rule = rule};
	const char *tag = source->tag;
	bool same = tag && destination->tag && strcmp(tag, destination->tag) == 0;
	if (tag && !(tag = arena_string(arena, tag)))
		return false;
	if (out->source.tag)
		out->source.tag = tag;
	if (same)
		out->destination.tag = tag;
	else if (destination->tag)
		out->destination.tag = arena_string(arena, destination->tag);
	return same || !destination->tag || out->destination.tag;
}

struct task plan_task(const struct plan_rule *rule)
{
	struct reference source = side_image(&rule->source, rule->source.items);
	return (struct task){.source = pulled(&source),
			     .destination = side_image(&rule->destination, rule->destination.items),
			     .rule = rule->rule};
}

bool plan_expand(struct arena *arena, const struct expanding *expanding, struct task **tasks,
		 size_t *count, struct error *err)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	struct images sources = {0}, destinations = {0};
	*tasks = NULL;
	*count = 0;
	if (!scratch)
		return error_memory(err);
	if (!images_of(scratch, expanding, &sources, &destinations, err))
		return false;
	*tasks = arena_array(arena, sources.count, sizeof(**tasks));
	if (!*tasks)
		return error_memory(err);
	for (size_t i = 0; i < sources.count; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one each */
		if (!make_task(arena, expanding->rule->rule, &sources.items[i],
			       &destinations.items[i], &(*tasks)[i]))
			return error_memory(err);
	*count = sources.count;
	return true;
}

bool plan_wants_details(const struct plan_rule *rule)
{
	return rule->select ? select_by_date(rule->select) : !rule->source.count;
}

bool plan_same_source(const struct task *a, const struct task *b)
{
	return strcmp(a->source.host, b->source.host) == 0 &&
	       strcmp(a->source.repository, b->source.repository) == 0 &&
	       strcmp(reference_target(&a->source), reference_target(&b->source)) == 0;
}
