/*
 * What a rule says outright is paired here, once: plan_parse() leaves rules whose two sides have
 * the same number of items, so that mistakes and double work are found while they can still be told
 * by their place. Only the rules that mean "all tags" wait for a listing.
 *
 * A source with tag and digest is pulled by the digest and pushed under the tag; a destination with
 * a digest has it checked before anything is pushed.
 */
#include "plan/plan.h"

#include "base/map.h"
#include "plan/side.h"

#include <string.h>

/* Who writes a destination image. */
struct claim {
	const char *source;     /* the image, or the repository when it means all tags */
	const char *repository; /* of the source */
	const char *place;
	bool all_tags;
};

struct planner {
	struct arena *arena;
	struct problems *problems;
	struct map pairs;  /* "source destination" -> anything: work already planned */
	struct map claims; /* destination image -> struct claim */
	bool out_of_memory;
};

static void planner_finish(struct planner *planner)
{
	map_finish(&planner->pairs);
	map_finish(&planner->claims);
}

/* The reference as text; "" without memory, which ends the planning. */
static const char *text_of(struct planner *planner, const struct reference *ref)
{
	const char *text = reference_string(planner->arena, ref);
	planner->out_of_memory = planner->out_of_memory || !text;
	return text ? text : "";
}

/* The same for comparing: every name of Docker Hub's registry is one. */
static const char *identity(struct planner *planner, const struct reference *ref)
{
	struct reference same = *ref;
	same.host = reference_api_host(ref->host);
	return text_of(planner, &same);
}

/* Item i of a destination, for a source item. Without items of its own it repeats the source. */
static struct reference destination_of(const struct plan_side *side, size_t i,
				       const struct reference *source)
{
	struct reference ref = side->name;
	if (side->count)
		return side->items[i];
	ref.tag = source->tag;
	ref.digest = source->tag ? NULL : source->digest;
	return ref;
}

/* What is pulled: by digest where there is one. */
static struct reference source_of(const struct reference *item)
{
	struct reference ref = *item;
	if (ref.digest)
		ref.tag = NULL;
	return ref;
}

/* True the first time a pair is seen. */
static bool pair_is_new(struct planner *planner, const char *source, const char *destination)
{
	const char *pair = arena_printf(planner->arena, "%s %s", source, destination);
	if (!pair) {
		planner->out_of_memory = true;
		return false;
	}
	if (map_get(&planner->pairs, str_of(pair)))
		return false;
	if (!map_put(&planner->pairs, str_of(pair), planner))
		planner->out_of_memory = true;
	return true;
}

static bool claims_agree(const struct claim *a, const struct claim *b)
{
	if (a->all_tags || b->all_tags)
		return strcmp(a->repository, b->repository) == 0;
	return strcmp(a->source, b->source) == 0;
}

/* Reserves a destination tag. A digest names the same content whoever writes it: no conflict. */
static bool claim_destination(struct planner *planner, const struct reference *destination,
			      const struct claim *wanted)
{
	struct reference image = *destination;
	image.digest = NULL;
	if (!image.tag)
		return true;
	const char *key = identity(planner, &image);
	const struct claim *old = map_get(&planner->claims, str_of(key));
	if (!old) {
		struct claim *claim = arena_new_of(planner->arena, struct claim);
		if (claim)
			*claim = *wanted;
		if (!claim || !map_put(&planner->claims, str_of(key), claim))
			planner->out_of_memory = true;
		return true;
	}
	if (claims_agree(old, wanted))
		return true;
	problem_add(
		planner->problems, wanted->place,
		"two sources for one destination: %s/%s:%s is written from %s here and from %s at "
		"%s",
		image.host, image.repository, image.tag, wanted->source, old->source, old->place);
	return false;
}

static struct claim claim_of(struct planner *planner, const struct plan_rule *rule,
			     const struct reference *source)
{
	return (struct claim){
		.source = text_of(planner, source),
		.repository = text_of(planner, &rule->source.name),
		.place = rule->place,
		.all_tags = rule->source.count == 0,
	};
}

/* Checks one pair of a rule. False: it is a mistake, which was reported. */
static bool check_pair(struct planner *planner, const struct plan_rule *rule,
		       const struct reference *source, const struct reference *destination)
{
	if (source->digest && destination->digest &&
	    strcmp(source->digest, destination->digest) != 0) {
		problem_add(planner->problems, rule->place,
			    "the digest of source and destination must match: %s and %s",
			    source->digest, destination->digest);
		return false;
	}
	struct claim claim = claim_of(planner, rule, source);
	return claim_destination(planner, destination, &claim);
}

/* Gives a rule with a known source its final pairs. False: leave the rule out. */
static bool pair_known(struct planner *planner, struct plan_rule *rule)
{
	size_t total = rule->source.count;
	size_t kept = 0;
	if (rule->destination.count && rule->destination.count != total) {
		problem_add(
			planner->problems, rule->place,
			"the number of tags of source and destination is not matched: %zu and %zu",
			total, rule->destination.count);
		return false;
	}
	struct reference *sources = arena_array(planner->arena, total, sizeof(*sources));
	struct reference *destinations = arena_array(planner->arena, total, sizeof(*destinations));
	if (!sources || !destinations) {
		planner->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < total; i++) {
		struct reference to = destination_of(&rule->destination, i, &rule->source.items[i]);
		struct reference from = source_of(&rule->source.items[i]);
		if (!check_pair(planner, rule, &from, &to))
			return false;
		if (!pair_is_new(planner, identity(planner, &from), identity(planner, &to)))
			continue;
		sources[kept] = from;
		destinations[kept++] = to;
	}
	rule->source.items = sources;
	rule->destination.items = destinations;
	rule->source.count = rule->destination.count = kept;
	return kept > 0;
}

/* A rule for all tags: its destination's items are known, what goes there is not. */
static bool pair_unknown(struct planner *planner, const struct plan_rule *rule)
{
	const char *source = identity(planner, &rule->source.name);
	const char *whole = identity(planner, &rule->destination.name);
	struct claim claim = claim_of(planner, rule, &rule->source.name);
	for (size_t i = 0; i < rule->destination.count; i++) {
		const struct reference *item = &rule->destination.items[i];
		if (!claim_destination(planner, item, &claim))
			return false;
		whole = arena_printf(planner->arena, "%s,%s,%s", whole, item->tag ? item->tag : "",
				     item->digest ? item->digest : "");
		if (!whole) {
			planner->out_of_memory = true;
			return false;
		}
	}
	return pair_is_new(planner, source, whole);
}

static bool parse_side(struct planner *planner, const char *text, const char *place,
		       const char *name, struct plan_side *out)
{
	struct error err = {0};
	if (side_parse(planner->arena, str_of(text), out, &err))
		return true;
	if (err.kind == ERROR_MEMORY)
		planner->out_of_memory = true;
	else
		problem_add(planner->problems, place, "%s %s", name, err.text);
	return false;
}

/* Parses one rule. False: leave it out. */
static bool parse_rule(struct planner *planner, const struct rule *rule, struct plan_rule *out)
{
	*out = (struct plan_rule){.place = rule->source_place, .rule = rule};
	bool source = parse_side(planner, rule->source, rule->source_place, "source", &out->source);
	bool destination = parse_side(planner, rule->destination, rule->destination_place,
				      "destination", &out->destination);
	if (!source || !destination)
		return false;
	return out->source.count ? pair_known(planner, out) : pair_unknown(planner, out);
}

bool plan_parse(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		size_t *count, struct problems *problems)
{
	scoped(planner_finish) struct planner planner = {.arena = arena, .problems = problems};
	*count = 0;
	*out = arena_array(arena, rules->count, sizeof(**out));
	for (size_t i = 0; *out && i < rules->count && !planner.out_of_memory; i++)
		if (parse_rule(&planner, &rules->items[i], &(*out)[*count]))
			++*count;
	return *out && !planner.out_of_memory;
}

/* Turns a tag list from a registry into items. It is not to be trusted: tags end up in URLs. */
static bool list_items(struct arena *arena, const struct plan_rule *rule,
		       const struct catalog *catalog, struct plan_side *out, struct error *err)
{
	const char *const *tags = NULL;
	out->name = rule->source.name;
	if (!catalog->tags(catalog->ctx, arena, &out->name, &tags, &out->count, err))
		return false;
	struct reference *items = arena_array(arena, out->count, sizeof(*items));
	if (!items)
		return error_memory(err);
	for (size_t i = 0; i < out->count; i++) {
		items[i] = out->name;
		items[i].tag = tags[i];
		if (!reference_tag_valid(str_of(tags[i])))
			return error_set(err, ERROR_CORRUPT,
					 "%s/%s: the registry lists an invalid tag: "
					 "%.200s",
					 out->name.host, out->name.repository, tags[i]);
	}
	out->items = items;
	return true;
}

bool plan_expand(struct arena *arena, const struct plan_rule *rule, const struct catalog *catalog,
		 struct task **tasks, size_t *count, struct error *err)
{
	struct plan_side source = rule->source;
	const struct plan_side *destination = &rule->destination;
	*tasks = NULL;
	*count = 0;
	if (!source.count && !list_items(arena, rule, catalog, &source, err))
		return false;
	if (destination->count && destination->count != source.count)
		return error_set(
			err, ERROR_CONFIG,
			"the number of tags of source and destination is not matched: %s/%s has "
			"%zu, %s/%s is given %zu",
			source.name.host, source.name.repository, source.count,
			destination->name.host, destination->name.repository, destination->count);
	*tasks = arena_array(arena, source.count, sizeof(**tasks));
	if (!*tasks)
		return error_memory(err);
	for (size_t i = 0; i < source.count; i++)
		(*tasks)[i] = (struct task){
			.source = source_of(&source.items[i]),
			.destination = destination_of(destination, i, &source.items[i]),
			.place = rule->place,
			.platforms = rule->rule->platforms,
		};
	*count = source.count;
	return true;
}
