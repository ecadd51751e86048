/*
 * All namespaces are listed before the first rule is expanded, and all rules are planned together
 * after that, so that collisions are found whatever kind of rule they come from.
 */
#include "cmd/namespaces.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/load.h"
#include "cmd/replan.h"
#include "config/nearest.h"
#include "discover/discover.h"
#include "layout/layout_list.h"
#include "oci/layout_name.h"

#include <stdlib.h>
#include <string.h>

/* Judges what all repositories have in common by the rule that one called "any" would get. */
static bool check_rule(const struct run *run, const struct namespace_rule *namespace,
		       struct problems *problems)
{
	const char *path = namespace->source.repository;
	struct error err;
	struct plan_rule *planned;
	size_t count;
	struct rule *rule = arena_new_of(run->arena, struct rule);
	const char *any = rule ? arena_printf(run->arena, "%s%sany", path, *path ? "/" : "") : NULL;
	if (!any)
		return false;
	if (namespace_rule(run->arena, namespace, str_of(any), rule, &err))
		return plan_parse(run->arena, &(struct rules){.items = rule, .count = 1}, &planned,
				  &count, problems);
	if (err.kind != ERROR_CONFIG)
		return false;
	problem_add(problems, namespace->rule->destination_place, "%s", err.text);
	return true;
}

static void check_via(const struct placed *via, struct problems *problems)
{
	const char *names[16], *name;
	size_t count = 0;
	for (; count < array_count(names) && (name = discover_name(count)); names[count++] = name)
		if (strcmp(name, via->text) == 0)
			return;
	const char *near = nearest_word(str_of(via->text), names, count);
	problem_add(problems, via->place, "via: %.100s is not a way to list repositories: %s%s%s",
		    via->text, near ? "did you mean " : "expected ", near ? near : discover_kinds(),
		    near ? "?" : "");
}

bool namespaces_check(const struct run *run, struct problems *problems)
{
	for (size_t i = 0; i < run->namespace_count; i++) {
		const struct gather *gather = run->namespaces[i].rule->gather;
		if (!check_rule(run, &run->namespaces[i], problems))
			return false;
		if (gather && gather->via.text)
			check_via(&gather->via, problems);
	}
	return true;
}

/* A repository whose copy would have a name that is none. */
struct misfit {
	struct rule rule;
	const char *why; /* NULL: there was no memory for it */
};

/* A rule for one repository. */
struct gathered_rule {
	struct rule rule;
	const char *repository; /* its path at the source's host */
};

/* What a registry has in a namespace; several rules may be about one. */
struct listing {
	struct map found;
	struct error err;
	bool ok;
};

/* What became of one namespace. */
struct gathered {
	struct listing *listing; /* NULL: the rule names each repository itself */
	struct arena *arena;     /* of all that follows; the run keeps it */
	const char *host;        /* of its repositories */
	struct gathered_rule *rules;
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
	struct listing *listings; /* each belongs to the first rule that needs it */
};

static void gathering_finish(struct gathering *gathering)
{
	for (size_t i = 0; gathering->listings && i < gathering->run->namespace_count; i++)
		map_finish(&gathering->listings[i].found);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- one namespace -------------------------------------------------------------------------- */

/* The paths that the rule itself names; if one of them is not there, its own rule fails. */
static bool name_all(const struct namespace_rule *namespace, struct map *found, struct error *err)
{
	for (size_t i = 0; i < namespace->wanted_count; i++) {
		scoped(buf_finish) struct buf path = {0};
		if (!namespace->wanted[i].pattern &&
		    (!namespace_path(namespace, &namespace->wanted[i], &path) ||
		     !map_put(found, buf_str(&path), found)))
			return error_memory(err);
	}
	return true;
}

/* Adds what the registry has. */
static bool add_listed(const struct listing *listing, struct map *found, struct error *err)
{
	if (listing && !listing->ok)
		*err = listing->err;
	for (size_t i = 0; listing && listing->ok && i < listing->found.count; i++) {
		const struct map_entry *entry = &listing->found.entries[i];
		if (!map_put(found, (struct str){entry->key, entry->len}, found))
			return error_memory(err);
	}
	return !listing || listing->ok;
}

/* A name that excludes nothing may have a slip in it, and what it was to keep out is copied. */
static bool warn_idle(const struct namespace_rule *namespace, const struct map *found,
		      struct error *err)
{
	bool listed = !namespace_is_listed(namespace);
	for (size_t i = 0; listed && i < namespace->unwanted_count; i++) {
		scoped(buf_finish) struct buf path = {0};
		const struct namespace_item *item = &namespace->unwanted[i];
		if (item->pattern)
			continue;
		if (!namespace_path(namespace, item, &path))
			return error_memory(err);
		if (!map_get(found, buf_str(&path)))
			log_warn("%s: exclude-repositories names %.*s, which %s does not have: "
				 "write the path below the namespace",
				 namespace->rule->source, STR_ARGS(item->name),
				 namespace->source.host);
	}
	return true;
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
	const char *host = namespace->source.host;
	if (!found && layout_name_host(host))
		return error_set(err, ERROR_MISSING,
				 "there is no OCI image layout %s %s/%s: check the name, and that "
				 "its disk is mounted, or say allow-empty: true",
				 namespace->deep ? "below" : "directly below", host,
				 namespace->source.repository);
	if (!found)
		return error_set(
			err, ERROR_MISSING,
			"%s lists no repository there: check the name, or set allow-empty: true",
			host);
	return error_set(
		err, ERROR_MISSING,
		"the rule includes none of the %zu repositories that %s lists: check the name%s, "
		"or set allow-empty: true",
		found, host, namespace->deep ? "" : " (/** is for those further down as well)");
}

/* Adds the rule of a repository; one bad name is no reason to leave out the others. */
static bool add_rule(const struct namespace_rule *namespace, const char *path, struct gathered *out,
		     struct error *err)
{
	struct rule *rule = &out->rules[out->count].rule;
	if (namespace_rule(out->arena, namespace, str_of(path), rule, err)) {
		const char *copy = arena_string(out->arena, path);
		out->rules[out->count++].repository = copy;
		return copy || error_memory(err);
	}
	if (err->kind != ERROR_CONFIG)
		return false;
	out->misfits[out->misfit_count++] = (struct misfit){
		*rule,
		arena_printf(out->arena,
			     "%s; rename it with names, or leave it out with exclude-repositories",
			     err->text)};
	return true;
}

static bool gather(const struct namespace_rule *namespace, struct gathered *out, struct error *err)
{
	scoped(map_finish) struct map found = {0};
	scoped(arena_free) struct arena *scratch = arena_new();
	const char **paths = NULL;
	size_t count = 0;
	if (!scratch)
		return error_memory(err);
	if (!name_all(namespace, &found, err) || !add_listed(out->listing, &found, err) ||
	    !warn_idle(namespace, &found, err) ||
	    !choose(namespace, &found, scratch, &paths, &count, err))
		return false;
	log_info("%s: %zu of %zu repositories", namespace->rule->source, count, found.count);
	if (!count)
		return is_empty(namespace, found.count, err);
	out->host = namespace->source.host;
	out->rules = arena_array(out->arena, count, sizeof(*out->rules));
	out->misfits = arena_array(out->arena, count, sizeof(*out->misfits));
	if (!out->rules || !out->misfits)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!add_rule(namespace, paths[i], out, err))
			return false;
	return true;
}

/* --- all of them ---------------------------------------------------------------------------- */

static struct discovery discovery_of(const struct run *run, const struct namespace_rule *namespace)
{
	const struct gather *gather = namespace->rule->gather;
	return (struct discovery){.registry = run->registry,
				  .host = namespace->source.host,
				  .path = namespace->source.repository,
				  .deep = namespace->deep,
				  .via = gather ? gather->via.text : NULL};
}

static bool is_same(const struct discovery *a, const struct discovery *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
	       a->deep == b->deep && str_equal(str_of(a->via), str_of(b->via));
}

/* Finds the list of each rule; that of an earlier one if only the destination differs. */
static void share_lists(const struct gathering *gathering)
{
	const struct run *run = gathering->run;
	for (size_t i = 0; i < run->namespace_count; i++) {
		const struct discovery own = discovery_of(run, &run->namespaces[i]);
		struct gathered *item = &gathering->items[i];
		if (namespace_is_listed(&run->namespaces[i]))
			continue;
		item->listing = &gathering->listings[i];
		for (size_t j = 0; j < i; j++) {
			const struct discovery other = discovery_of(run, &run->namespaces[j]);
			if (gathering->items[j].listing && is_same(&own, &other)) {
				item->listing = gathering->items[j].listing;
				break;
			}
		}
	}
}

/* Registries have lists; in a folder one has to look. */
static bool list_where(const struct run *run, const struct discovery *discovery, struct map *found,
		       struct error *err)
{
	const struct reference name = {.host = discovery->host, .repository = discovery->path};
	return layout_name_host(discovery->host)
		       ? layout_list(run->layouts, &name, discovery->deep, found, err)
		       : discover_run(discovery, found, err);
}

static void list_one(void *ctx, size_t index)
{
	const struct gathering *gathering = ctx;
	const struct run *run = gathering->run;
	struct listing *listing = &gathering->listings[index];
	const struct discovery discovery = discovery_of(run, &run->namespaces[index]);
	if (gathering->items[index].listing != listing)
		return;
	if (cancel_closing())
		error_canceled(&listing->err);
	else
		listing->ok = list_where(run, &discovery, &listing->found, &listing->err);
}

static void gather_one(void *ctx, size_t index)
{
	const struct gathering *gathering = ctx;
	struct gathered *out = &gathering->items[index];
	if (!out->arena)
		error_memory(&out->err);
	else
		out->ok = gather(&gathering->run->namespaces[index], out, &out->err);
}

/* Destinations, and those that several repositories would have. */
struct destinations {
	struct map holders; /* destination -> struct holder */
	struct map shared;
	struct arena *arena; /* of the holders */
};

/* The first repository with a destination. */
struct holder {
	const char *host, *repository;
};

static void destinations_finish(struct destinations *destinations)
{
	map_finish(&destinations->holders);
	map_finish(&destinations->shared);
	arena_free(&destinations->arena);
}

static bool note(struct destinations *destinations, const char *host,
		 const struct gathered_rule *rule)
{
	struct str key = str_of(rule->rule.destination);
	const struct holder *first = map_get(&destinations->holders, key);
	if (first)
		return (strcmp(first->host, host) == 0 &&
			strcmp(first->repository, rule->repository) == 0) ||
		       map_put(&destinations->shared, key, destinations);
	struct holder *holder = arena_new_of(destinations->arena, struct holder);
	if (!holder)
		return false;
	*holder = (struct holder){host, rule->repository};
	return map_put(&destinations->holders, key, holder);
}

static void report_shared(struct run *run, const struct rule *rule)
{
	struct error err;
	error_set(&err, ERROR_CONFIG,
		  "%s would be the copy of several repositories: keep them apart with names, or "
		  "leave out all but one with exclude-repositories",
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
	if (map_get(&destinations->shared, str_of(rule->destination)))
		report_shared(run, rule);
	else
		all->items[all->count++] = *rule;
}

static bool add_all(struct run *run, struct gathered *items, struct rules *all)
{
	scoped(destinations_finish) struct destinations destinations = {.arena = arena_new()};
	if (!destinations.arena)
		return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		for (size_t j = 0; j < items[i].count; j++)
			if (!note(&destinations, items[i].host, &items[i].rules[j]))
				return false;
	for (size_t i = 0; i < run->namespace_count; i++) {
		for (size_t j = 0; j < items[i].count; j++)
			add(run, &destinations, &items[i].rules[j].rule, all);
		report_misfits(run, &items[i]);
		if (!items[i].ok)
			report_rule_failed(run->report, run->namespaces[i].rule, &items[i].err);
	}
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
	return add_all(run, items, &all) && replan_all(run, &all) && load_shard(run);
}

bool namespaces_expand(struct run *run)
{
	scoped(gathering_finish) struct gathering gathering = {.run = run};
	if (!run->namespace_count)
		return true;
	gathering.listings =
		arena_array(run->arena, run->namespace_count, sizeof(*gathering.listings));
	gathering.items = arena_array(run->arena, run->namespace_count, sizeof(*gathering.items));
	run->gathered = arena_array(run->arena, run->namespace_count, sizeof(*run->gathered));
	if (!gathering.items || !run->gathered || !gathering.listings)
		return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		gathering.items[i].arena = run->gathered[i] = arena_new();
	share_lists(&gathering);
	pool_each(run->session->pool, run->namespace_count, list_one, &gathering);
	pool_each(run->session->pool, run->namespace_count, gather_one, &gathering);
	return plan_gathered(run, gathering.items);
}
