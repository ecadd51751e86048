/*
 * Rules with patterns, selections or all tags claim for their whole repository: two of them may
 * turn out to mean the same image, which is no mistake, and what turns out to be one is found when
 * they are expanded.
 */
#include "plan/claims.h"

#include "plan/filter.h"
#include "plan/side.h"

#include <string.h>

struct claim {
	const char *source;     /* the image, or its repository while it is not known */
	const char *repository; /* of the source */
	const char *filter;     /* platforms, as text */
	const char *terms;      /* the rest that says how it is copied, as text */
	const char *place;      /* of the destination, where a source may have several */
	bool whole;             /* source is a repository */
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

static const char *filter_text(struct claims *claims, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf text = {0};
	filter_print(rule->platforms, &text);
	claims->out_of_memory = claims->out_of_memory || !buf_ok(&text);
	return known(claims, arena_string(claims->arena, buf_string(&text)));
}

static const char *terms_text(struct claims *claims, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf text = {0};
	buf_add_string(&text, change_name(rule->rule->on_change));
	filter_print(rule->rule->required, &text);
	claims->out_of_memory = claims->out_of_memory || !buf_ok(&text);
	return known(claims, arena_string(claims->arena, buf_string(&text)));
}

static bool key_is_new(struct claims *claims, const char *key)
{
	if (map_get(&claims->pairs, str_of(key)))
		return false;
	if (!map_put(&claims->pairs, str_of(key), claims))
		claims->out_of_memory = true;
	return true;
}

bool claims_pair_is_new(struct claims *claims, const struct plan_rule *rule,
			const struct reference *source, const struct reference *destination)
{
	char *key = arena_printf(claims->arena, "%s %s%s", identity(claims, source),
				 identity(claims, destination), filter_text(claims, rule));
	return key_is_new(claims, known(claims, key));
}

bool claims_rule_is_new(struct claims *claims, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf key = {0};
	/* The rest is told apart task by task. */
	if (rule->select || rule->source.count || side_has_patterns(&rule->destination))
		return true;
	buf_printf(&key, "%s %s%s %s", identity(claims, &rule->source.name),
		   identity(claims, &rule->destination.name), filter_text(claims, rule),
		   terms_text(claims, rule));
	for (size_t i = 0; i < rule->destination.count; i++)
		buf_printf(&key, ",%s", identity(claims, &rule->destination.items[i].ref));
	claims->out_of_memory = claims->out_of_memory || !buf_ok(&key);
	return claims->out_of_memory || key_is_new(claims, buf_string(&key));
}

static bool agree(const struct claim *a, const struct claim *b)
{
	if (strcmp(a->filter, b->filter) != 0 || strcmp(a->terms, b->terms) != 0)
		return false;
	if (a->whole || b->whole)
		return strcmp(a->repository, b->repository) == 0;
	return strcmp(a->source, b->source) == 0;
}

static void complain(const struct claim *claim, const struct claim *old,
		     const struct reference *image, struct problems *problems)
{
	if (strcmp(claim->source, old->source) == 0 && strcmp(claim->filter, old->filter) == 0)
		problem_add(problems, claim->place,
			    "two policies for one destination: %s/%s:%s is written from %s with "
			    "another on-change or other require-platforms at %s",
			    image->host, image->repository, image->tag, claim->source, old->place);
	else if (strcmp(claim->source, old->source) == 0)
		problem_add(problems, claim->place,
			    "two platform filters for one destination: %s/%s:%s is written from %s "
			    "with another one at %s",
			    image->host, image->repository, image->tag, claim->source, old->place);
	else
		problem_add(problems, claim->place,
			    "two sources for one destination: %s/%s:%s is written from %s here and "
			    "from %s at %s",
			    image->host, image->repository, image->tag, claim->source, old->source,
			    old->place);
}

bool claims_take(struct claims *claims, const struct plan_rule *rule,
		 const struct reference *source, const struct reference *destination,
		 struct problems *problems)
{
	struct reference image = *destination;
	struct claim claim = {.repository = text_of(claims, &rule->source.name),
			      .filter = filter_text(claims, rule),
			      .terms = terms_text(claims, rule),
			      .place = rule->destination_place,
			      .whole = !source};
	claim.source = source ? text_of(claims, source) : claim.repository;
	image.digest = NULL;
	if (!image.tag)
		return true;
	const char *key = identity(claims, &image);
	const struct claim *old = map_get(&claims->images, str_of(key));
	if (!old) {
		struct claim *copy = arena_new_of(claims->arena, struct claim);
		if (copy)
			*copy = claim;
		if (!copy || !map_put(&claims->images, str_of(key), copy))
			claims->out_of_memory = true;
		return true;
	}
	if (agree(old, &claim))
		return true;
	complain(&claim, old, &image, problems);
	return false;
}
