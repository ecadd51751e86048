/*
 * A rule is narrowed by its catalog: where it would ask for all tags, it gets those that were
 * named. Fixed tags need no catalog, so tasks are looked through in any case.
 */
#include "plan/narrow.h"

#include "base/map.h"
#include "config/serve/server_file.h"
#include "plan/select.h"

#include <string.h>

/* A rule for a repository, and the next one for the same. */
struct rule_link {
	const struct plan_rule *rule;
	struct rule_link *next;
};

struct narrow {
	struct narrow_rules rules;
	struct map repositories; /* "host/repository" -> struct rule_link */
};

static bool repository_key(const char *host, const char *repository, struct buf *out)
{
	buf_printf(out, "%s/%s", reference_common_host(host), repository);
	return buf_ok(out);
}

/* Links are added from the last rule to the first, so they are in the order of the rules. */
static bool add_link(struct narrow *narrow, struct arena *arena, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf key = {0};
	struct rule_link *link = arena_new_of(arena, struct rule_link);
	const struct reference *name = rule->source.name;
	if (!link || !repository_key(name->host, name->repository, &key))
		return false;
	*link = (struct rule_link){rule, map_get(&narrow->repositories, buf_str(&key))};
	return map_put(&narrow->repositories, buf_str(&key), link);
}

struct narrow *narrow_new(struct arena *arena, const struct narrow_rules *rules)
{
	struct narrow *narrow = arena_new_of(arena, struct narrow);
	if (!narrow)
		return NULL;
	narrow->rules = *rules;
	for (size_t i = rules->rule_count; i > 0; i--)
		if (!add_link(narrow, arena, &rules->rules[i - 1])) {
			narrow_free(&narrow);
			return NULL;
		}
	return narrow;
}

void narrow_free(struct narrow **narrow)
{
	if (*narrow)
		map_finish(&(*narrow)->repositories);
	*narrow = NULL;
}

/* --- rules for a repository ------------------------------------------------------------------ */

static const char *destination_of(const struct rule *rule)
{
	return rule->route ? rule->route->destination : "";
}

static bool links_of(const struct narrow *narrow, const struct narrow_image *image,
		     const struct rule_link **out, struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	if (!repository_key(image->host, image->repository, &key))
		return error_memory(err);
	*out = map_get(&narrow->repositories, buf_str(&key));
	return true;
}

static bool is_in(const struct namespace_rule *namespace, const struct narrow_image *image,
		  bool *wanted, struct error *err)
{
	*wanted = strcmp(reference_common_host(namespace->source.host),
			 reference_common_host(image->host)) == 0;
	return !*wanted || namespace_wants(namespace, str_of(image->repository), wanted, err);
}

/* Appends rules to an array in arena, which is large enough. */
static bool add_namespaces(const struct narrow *narrow, const struct narrow_image *image,
			   struct arena *arena, struct rules *out, struct error *err)
{
	for (size_t i = 0; i < narrow->rules.namespace_count; i++) {
		const struct namespace_rule *namespace = &narrow->rules.namespaces[i];
		bool wanted = false;
		if (strcmp(destination_of(namespace->rule), image->destination) != 0)
			continue;
		if (!is_in(namespace, image, &wanted, err))
			return false;
		if (wanted && !namespace_rule(arena, namespace, str_of(image->repository),
					      &out->items[out->count++], err))
			return false;
	}
	return true;
}

bool narrow_find(const struct narrow *narrow, const struct narrow_image *image, struct arena *arena,
		 struct rules *out, struct error *err)
{
	const struct rule_link *first;
	size_t most = narrow->rules.namespace_count;
	if (!links_of(narrow, image, &first, err))
		return false;
	for (const struct rule_link *link = first; link; link = link->next)
		most++;
	*out = (struct rules){.items = arena_array(arena, most + 1, sizeof(*out->items))};
	if (!out->items)
		return error_memory(err);
	for (const struct rule_link *link = first; link; link = link->next)
		if (strcmp(destination_of(link->rule->rule), image->destination) == 0)
			out->items[out->count++] = *link->rule->rule;
	return add_namespaces(narrow, image, arena, out, err);
}

/* --- rules for a tag -------------------------------------------------------------------------- */

/* Stands between a rule and its catalog. */
struct narrowed {
	const struct narrow_tags *tags;
	const struct catalog *asked; /* NULL: nobody */
};

static bool give_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	const struct narrowed *narrowed = ctx;
	(void)arena, (void)source, (void)err;
	*tags = narrowed->tags->items;
	*count = narrowed->tags->count;
	return true;
}

static bool give_dates(void *ctx, const struct dating *dating, struct error *err)
{
	const struct narrowed *narrowed = ctx;
	const struct catalog *asked = narrowed->asked;
	if (asked)
		return asked->created(asked->ctx, dating, err);
	/* Whether it is old enough to be left out, its registry tells later. */
	for (size_t i = 0; i < dating->count; i++)
		dating->when[i] = INT64_MAX;
	return true;
}

static bool is_named(const struct narrow_tags *tags, const char *tag)
{
	for (size_t i = 0; tag && i < tags->count; i++)
		if (strcmp(tags->items[i], tag) == 0)
			return true;
	return false;
}

bool narrow_expand(struct arena *arena, const struct expanding *expanding,
		   const struct narrow_tags *tags, struct task **tasks, size_t *count,
		   struct error *err)
{
	const struct select *select = expanding->rule->select;
	struct narrowed narrowed = {tags, expanding->catalog};
	const struct catalog catalog = {give_tags, give_dates, &narrowed};
	struct expanding each = *expanding;
	size_t all = 0;
	*count = 0;
	if (!expanding->catalog || !select || !select_compares(select))
		each = (struct expanding){expanding->rule, &catalog, expanding->warnings, true};
	if (!plan_expand(arena, &each, tasks, &all, err))
		return false;
	for (size_t i = 0; i < all; i++)
		if (is_named(tags, (*tasks)[i].source.tag))
			(*tasks)[(*count)++] = (*tasks)[i];
	return true;
}

/* --- destinations ----------------------------------------------------------------------------- */

/* Destinations that were found, each once. */
struct finding {
	struct arena *arena;
	const struct narrow_image *image;
	const char **items;
	size_t count;
};

static bool is_found(const struct finding *finding, const char *destination)
{
	for (size_t i = 0; i < finding->count; i++)
		if (strcmp(finding->items[i], destination) == 0)
			return true;
	return false;
}

/* Adds the destination of the rule if that may want the tag. */
static bool try_rule(struct finding *finding, const struct plan_rule *rule, struct error *err)
{
	scoped(problem_finish) struct problems ignored = {0};
	const char *destination = destination_of(rule->rule);
	const struct narrow_tags tags = {&finding->image->tag, 1};
	const struct expanding expanding = {rule, NULL, &ignored, false};
	struct task *tasks;
	size_t count;
	if (is_found(finding, destination))
		return true;
	if (!narrow_expand(finding->arena, &expanding, &tags, &tasks, &count, err))
		return false;
	if (count)
		finding->items[finding->count++] = destination;
	return true;
}

/* A rule that cannot be made is said to want the image, so that a run says why it cannot. */
static bool try_made(struct finding *finding, const struct namespace_rule *namespace,
		     struct error *err)
{
	scoped(problem_finish) struct problems mistakes = {0};
	struct plan_rule *planned;
	size_t count;
	struct rule *rule = arena_new_of(finding->arena, struct rule);
	if (!rule)
		return error_memory(err);
	const struct rules one = {.items = rule, .count = 1};
	if (namespace_rule(finding->arena, namespace, str_of(finding->image->repository), rule,
			   err)) {
		if (!plan_parse(finding->arena, &one, &planned, &count, &mistakes))
			return error_memory(err);
		if (count)
			return try_rule(finding, planned, err);
	} else if (err->kind != ERROR_CONFIG)
		return false;
	finding->items[finding->count++] = destination_of(rule);
	return true;
}

static bool try_namespace(struct finding *finding, const struct namespace_rule *namespace,
			  struct error *err)
{
	bool wanted = false;
	if (is_found(finding, destination_of(namespace->rule)))
		return true;
	return is_in(namespace, finding->image, &wanted, err) &&
	       (!wanted || try_made(finding, namespace, err));
}

bool narrow_destinations(const struct narrow *narrow, const struct narrow_image *image,
			 struct arena *arena, const char *const **out, size_t *count,
			 struct error *err)
{
	struct finding finding = {.arena = arena, .image = image};
	const struct rule_link *first;
	size_t most = narrow->rules.namespace_count + 1;
	if (!links_of(narrow, image, &first, err))
		return false;
	for (const struct rule_link *link = first; link; link = link->next)
		most++;
	finding.items = arena_array(arena, most, sizeof(*finding.items));
	if (!finding.items)
		return error_memory(err);
	for (const struct rule_link *link = first; link; link = link->next)
		if (!try_rule(&finding, link->rule, err))
			return false;
	for (size_t i = 0; i < narrow->rules.namespace_count; i++)
		if (!try_namespace(&finding, &narrow->rules.namespaces[i], err))
			return false;
	*out = finding.items;
	*count = finding.count;
	return true;
}
