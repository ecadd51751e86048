/*
 * All namespaces are listed before the first rule is expanded, and all rules are planned together
 * after that, so that collisions are found whatever kind of rule they come from.
 */
#include "cmd/namespaces.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/load.h"
#include "discover/discover.h"

#include <stdlib.h>
#include <string.h>

void namespaces_check(const struct run *run, struct problems *problems)
{
	for (size_t i = 0; i < run->namespace_count; i++) {
		const struct gather *gather = run->namespaces[i].rule->gather;
		if (gather && gather->via.text && !discover_knows(gather->via.text))
			problem_add(problems, gather->via.place,
				    "via: %.100s is no way to list repositories: expected %s",
				    gather->via.text, discover_kinds());
	}
}

/* A repository whose copy would have a name that is none. */
struct misfit {
	struct rule rule;
	const char *why; /* NULL: there was no memory for it */
};

/* What became of one namespace. */
struct gathered {
	struct arena *arena; /* of all that follows; the run keeps it */
	struct rule *rules;
	size_t count;
	struct misfit *misfits;
	size_t misfit_count;
	struct error err;
	bool ok;
};

/* All of them at work. */
struct gathering {
	struct run *run;
	struct gathered *items;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- one namespace -------------------------------------------------------------------------- */

/* The paths that the rule itself names. */
static bool name_all(const struct namespace_rule *namespace, struct map *found, struct error *err)
{
	const char *path = namespace->source.repository;
	for (size_t i = 0; i < namespace->wanted_count; i++) {
		scoped(buf_finish) struct buf name = {0};
		buf_printf(&name, "%s%s%.*s", path, *path ? "/" : "",
			   STR_ARGS(namespace->wanted[i].name));
		if (!buf_ok(&name) || !map_put(found, buf_str(&name), found))
			return error_memory(err);
	}
	return true;
}

static bool list_all(const struct run *run, const struct namespace_rule *namespace,
		     struct map *found, struct error *err)
{
	const struct gather *gather = namespace->rule->gather;
	const struct discovery discovery = {.registry = run->registry,
					    .host = namespace->source.host,
					    .path = namespace->source.repository,
					    .deep = namespace->deep,
					    .via = gather ? gather->via.text : NULL};
	if (namespace_is_listed(namespace))
		return name_all(namespace, found, err);
	return discover_run(&discovery, found, err);
}

/* The paths of found that the rule means, sorted. */
static bool choose(const struct namespace_rule *namespace, const struct map *found,
		   struct arena *arena, const char ***out, size_t *count, struct error *err)
{
	const char **paths = arena_array(arena, found->count + 1, sizeof(*paths));
	*out = paths;
	*count = 0;
	if (!paths)
		return error_memory(err);
	for (size_t i = 0; i < found->count; i++) {
		const struct str path = {found->entries[i].key, found->entries[i].len};
		bool wanted = false;
		if (!namespace_wants(namespace, path, &wanted, err))
			return false;
		if (wanted && !(paths[(*count)++] = arena_copy(arena, path.at, path.len)))
			return error_memory(err);
	}
	qsort(paths, *count, sizeof(*paths), compare_texts);
	return true;
}

static bool is_empty(const struct namespace_rule *namespace, size_t found, struct error *err)
{
	const struct gather *gather = namespace->rule->gather;
	if (gather && gather->allow_empty)
		return true;
	return error_set(err, ERROR_MISSING,
			 "none of the %zu repositories that %s lists is meant: check the name, or "
			 "say allow-empty: true",
			 found, namespace->source.host);
}

/* Adds the rule of a repository; one bad name is no reason to leave out the others. */
static bool add_rule(const struct namespace_rule *namespace, const char *path, struct gathered *out,
		     struct error *err)
{
	struct rule *rule = &out->rules[out->count];
	if (namespace_rule(out->arena, namespace, str_of(path), rule, err)) {
		out->count++;
		return true;
	}
	if (err->kind != ERROR_CONFIG)
		return false;
	out->misfits[out->misfit_count++] =
		(struct misfit){*rule, arena_string(out->arena, err->text)};
	return true;
}

static bool gather(const struct run *run, const struct namespace_rule *namespace,
		   struct gathered *out, struct error *err)
{
	scoped(map_finish) struct map found = {0};
	scoped(arena_free) struct arena *scratch = arena_new();
	const char **paths = NULL;
	size_t count = 0;
	if (!scratch)
		return error_memory(err);
	if (!list_all(run, namespace, &found, err) ||
	    !choose(namespace, &found, scratch, &paths, &count, err))
		return false;
	log_info("%s: %zu of %zu repositories", namespace->rule->source, count, found.count);
	if (!count)
		return is_empty(namespace, found.count, err);
	out->rules = arena_array(out->arena, count, sizeof(*out->rules));
	out->misfits = arena_array(out->arena, count, sizeof(*out->misfits));
	if (!out->rules || !out->misfits)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!add_rule(namespace, paths[i], out, err))
			return false;
	return true;
}

static void gather_one(void *ctx, size_t index)
{
	const struct gathering *gathering = ctx;
	struct gathered *out = &gathering->items[index];
	if (cancel_requested())
		error_canceled(&out->err);
	else
		out->ok = out->arena && gather(gathering->run, &gathering->run->namespaces[index],
					       out, &out->err);
	if (!out->arena)
		error_memory(&out->err);
}

/* --- all of them ---------------------------------------------------------------------------- */

/* Destinations, and those that several repositories would have. */
struct destinations {
	struct map first; /* destination -> struct rule */
	struct map shared;
};

static void destinations_finish(struct destinations *destinations)
{
	map_finish(&destinations->first);
	map_finish(&destinations->shared);
}

static bool note(struct destinations *destinations, struct rule *rule)
{
	struct str key = str_of(rule->destination);
	const struct rule *first = map_get(&destinations->first, key);
	if (!first)
		return map_put(&destinations->first, key, rule);
	return strcmp(first->source, rule->source) == 0 ||
	       map_put(&destinations->shared, key, rule);
}

static void report_shared(struct run *run, const struct rule *rule)
{
	struct error err;
	error_set(
		&err, ERROR_CONFIG,
		"%s would be the copy of several repositories: keep them apart by names, or leave "
		"all but one out by exclude-repositories",
		rule->destination);
	report_rule_failed(run->report, rule, &err);
}

static void report_misfits(struct run *run, const struct gathered *gathered)
{
	for (size_t i = 0; i < gathered->misfit_count; i++) {
		const struct misfit *misfit = &gathered->misfits[i];
		struct error err;
		if (misfit->why)
			error_set(&err, ERROR_CONFIG, "%s", misfit->why);
		else
			error_memory(&err);
		report_rule_failed(run->report, &misfit->rule, &err);
	}
}

/* Adds a rule, unless its destination is also another repository's: then none of them is copied. */
static void add(struct run *run, const struct destinations *destinations, const struct rule *rule,
		struct rules *all)
{
	struct str key = str_of(rule->destination);
	if (map_get(&destinations->shared, key))
		report_shared(run, rule);
	else if (map_get(&destinations->first, key) == rule)
		all->items[all->count++] = *rule;
}

static bool add_all(struct run *run, struct gathered *items, struct rules *all)
{
	scoped(destinations_finish) struct destinations destinations = {0};
	for (size_t i = 0; i < run->namespace_count; i++)
		for (size_t j = 0; j < items[i].count; j++)
			if (!note(&destinations, &items[i].rules[j]))
				return false;
	for (size_t i = 0; i < run->namespace_count; i++) {
		for (size_t j = 0; j < items[i].count; j++)
			add(run, &destinations, &items[i].rules[j], all);
		report_misfits(run, &items[i]);
		if (!items[i].ok)
			report_rule_failed(run->report, run->namespaces[i].rule, &items[i].err);
	}
	return true;
}

/* Plans all rules together. What collides with a rule as written is left out, and reported. */
static bool plan_all(struct run *run, const struct rules *all)
{
	scoped(problem_finish) struct problems problems = {0};
	struct error err;
	if (!plan_parse(run->arena, all, &run->rules, &run->rule_count, &problems))
		return false;
	problem_log(&problems);
	if (!problems.error_count)
		return true;
	error_set(&err, ERROR_CONFIG, "%.*s", STR_ARGS(str_trim(buf_str(&problems.errors))));
	report_rule_failed(run->report, run->namespaces[0].rule, &err);
	return true;
}

static bool plan_gathered(struct run *run, struct gathered *items)
{
	const struct rules *written = &run->config.rules;
	struct rules all = {0};
	size_t most = written->count;
	for (size_t i = 0; i < run->namespace_count; i++)
		most += items[i].count;
	all.items = arena_array(run->arena, most, sizeof(*all.items));
	if (!all.items)
		return false;
	for (size_t i = 0; i < written->count; i++)
		all.items[all.count++] = written->items[i];
	return add_all(run, items, &all) && plan_all(run, &all) && load_shard(run);
}

bool namespaces_expand(struct run *run)
{
	struct gathering gathering = {.run = run};
	if (!run->namespace_count)
		return true;
	gathering.items = arena_array(run->arena, run->namespace_count, sizeof(*gathering.items));
	run->gathered = arena_array(run->arena, run->namespace_count, sizeof(*run->gathered));
	if (!gathering.items || !run->gathered)
		return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		gathering.items[i].arena = run->gathered[i] = arena_new();
	pool_each(run->session->pool, run->namespace_count, gather_one, &gathering);
	return plan_gathered(run, gathering.items);
}
