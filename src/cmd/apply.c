/*
 * A plan is read as one more form of rules (config/rules/plan_file.h), so a run of it is a run like
 * any other. What the plan adds to each image is in its rule, and copy/judge/pinned.h looks at it.
 */
#include "cmd/apply.h"

#include "base/log.h"
#include "cmd/about.h"
#include "cmd/sync.h"
#include "config/options/plan_options.h"
#include "plan/balance.h"

#include <stdio.h>

enum { EXIT_USAGE = 2 };

static bool balance(struct run *run, struct arena *scratch, struct balance_item *items)
{
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		const struct planned *planned = rule->rule->planned;
		const struct reference *to = rule->destination.name;
		items[i] = (struct balance_item){
			.repository =
				str_of(arena_printf(scratch, "%s/%s", to->host, to->repository)),
			.digest = str_of(rule->source.items[0].digest),
			.weight = planned_weight(planned->action, planned->bytes)};
		if (!items[i].repository.at)
			return false;
	}
	return balance_spread(items, run->rule_count, run->config.limits.shard_of);
}

bool apply_shard(struct run *run)
{
	const struct limits *limits = &run->config.limits;
	bool own = run->config.plan.shards == limits->shard_of;
	size_t all = run->rule_count, kept = 0;
	scoped(arena_free) struct arena *scratch = arena_new();
	struct balance_item *items = scratch ? arena_array(scratch, all + 1, sizeof(*items)) : NULL;
	if (!items || (!own && !balance(run, scratch, items)))
		return false;
	for (size_t i = 0; i < all; i++) {
		unsigned group = own ? run->rules[i].rule->planned->shard : items[i].group;
		if (group == limits->shard)
			run->rules[kept++] = run->rules[i];
	}
	run->rule_count = kept;
	log_info("shard %u/%u has %zu of %zu images of the plan", limits->shard, limits->shard_of,
		 kept, all);
	return true;
}

/* The first job reports them, so that they are in one report only. */
void apply_failures(struct run *run)
{
	const struct plan_file *plan = &run->config.plan;
	for (size_t i = 0; i < plan->failure_count && run->config.limits.shard == 0; i++) {
		const struct plan_failure *failure = &plan->failures[i];
		struct error err;
		error_set(&err, failure->kind, "not compared when the plan was made: %s",
			  failure->message);
		report_rule_failed(run->report, &failure->rule, &err);
	}
}

int apply_run(int argc, char **argv)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	options_init(&options);
	options_variables(&options, &problems);
	/* The variables of kyma's image-syncer are about rules, and the plan has those. */
	options.images = NULL;
	bool ok = plan_options_apply(argc, argv, &options, &problems);
	if (options.help)
		return about_print(plan_options_help_apply);
	if (options.version)
		return about_print(about_version);
	if (ok)
		return sync_run(&options, &problems);
	problem_print(&problems, stderr);
	fputs("Run image-syncer apply --help for the options.\n", stderr);
	return EXIT_USAGE;
}
