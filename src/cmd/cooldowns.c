/* Lists that several rules have in common are checked once, and so are those of the options. */
#include "cmd/cooldowns.h"

#include "base/map.h"
#include "discover/discover.h"
#include "oci/layout_name.h"
#include "plan/picks.h"

/* Calls visit() for each rule of the run; false ends it. */
static bool each_rule(const struct run *run,
		      bool (*visit)(void *ctx, const struct rule *rule,
				    const struct reference *source),
		      void *ctx)
{
	for (size_t i = 0; i < run->rule_count; i++)
		if (!visit(ctx, run->rules[i].rule, run->rules[i].source.name))
			return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		if (!visit(ctx, run->namespaces[i].rule, &run->namespaces[i].source))
			return false;
	return true;
}

/* --- lists ---------------------------------------------------------------------------------- */

struct checking_lists {
	struct arena *arena;
	struct map checked; /* addresses of lists */
	struct problems *problems;
};

static void checking_finish(struct checking_lists *checking)
{
	map_finish(&checking->checked);
	arena_free(&checking->arena);
}

static bool check_list(struct checking_lists *checking, const struct picks *picks,
		       const char *field, const struct reference *source)
{
	for (; picks; picks = picks->beside) {
		const struct str key = {(const char *)&picks, sizeof(picks)};
		if (map_get(&checking->checked, key))
			continue;
		if (!map_put(&checking->checked, key, checking) ||
		    !picks_check(checking->arena, picks, field, source, checking->problems))
			return false;
	}
	return true;
}

static bool check_rule(void *ctx, const struct rule *rule, const struct reference *source)
{
	struct checking_lists *checking = ctx;
	return check_list(checking, rule_terms(rule)->hold, "hold", source) &&
	       check_list(checking, rule_terms(rule)->release, "release", source);
}

bool cooldowns_check(const struct run *run, struct problems *problems)
{
	scoped(checking_finish) struct checking_lists checking = {.arena = arena_new(),
								  .problems = problems};
	return checking.arena && each_rule(run, check_rule, &checking);
}

/* --- dates ---------------------------------------------------------------------------------- */

struct undated {
	const struct rule *rule; /* the first */
	const char *host;        /* or "a folder" */
	size_t count;
};

static bool find_undated(void *ctx, const struct rule *rule, const struct reference *source)
{
	struct undated *undated = ctx;
	const char *via = rule->gather ? rule->gather->via.text : NULL;
	if (rule_terms(rule)->min_age <= 0 || discover_dates(source->host, via))
		return true;
	if (!undated->count++)
		*undated = (struct undated){
			rule, layout_name_host(source->host) ? "a folder" : source->host, 1};
	return true;
}

void cooldowns_need_state(const struct run *run, struct problems *problems)
{
	struct undated undated = {0};
	char more[64] = "";
	if (run->options->state)
		return;
	each_rule(run, find_undated, &undated);
	if (undated.count > 1)
		snprintf(more, sizeof(more), ", as for %zu other rule%s", undated.count - 1,
			 undated.count == 2 ? "" : "s");
	if (undated.count)
		problem_add(problems, undated.rule->source_place,
			    "min-age: %s may not say when an image was pushed%s: add --state FILE, "
			    "which counts from when a run first saw it",
			    undated.host, more);
}
