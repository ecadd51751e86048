/*
 * Modes are commands by another name: plan and apply. An input that only another mode reads is a
 * mistake, since whoever gives it expects that it counts.
 */
#include "config/action/mode.h"

#include "config/options/plan_options.h"

#include <string.h>

bool mode_named(const char *word, enum inputs_mode *out)
{
	static const char *const words[] = {
		[INPUTS_SYNC] = "sync",
		[INPUTS_PLAN] = "plan",
		[INPUTS_APPLY] = "apply",
		[INPUTS_REQUEST] = "request"};
	for (size_t i = 0; i < array_count(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum inputs_mode)i;
			return true;
		}
	return false;
}

static void settle_plan(struct arena *arena, const struct inputs *inputs, const char *path,
			struct options *options, struct problems *problems)
{
	struct plan_options *plan = arena_new_of(arena, struct plan_options);
	if (!plan) {
		problem_add(problems, NULL, "out of memory");
		return;
	}
	plan->out = path;
	plan->shards = inputs->shards;
	plan->markdown = inputs->markdown;
	if (!plan->out)
		problem_add(
			problems, NULL,
			"input plan is missing: say where the plan is written, as in plan.json");
	plan_options_settle(plan, options, problems);
}

void mode_settle(struct arena *arena, const struct inputs *inputs, const char *path,
		 struct options *options, struct problems *problems)
{
	bool planning = inputs->mode == INPUTS_PLAN;
	if (planning)
		settle_plan(arena, inputs, path, options, problems);
	else if (inputs->shards || inputs->markdown)
		problem_add(problems, NULL, "input %s is for mode: plan",
			    inputs->shards ? "shards" : "markdown");
	if (inputs->mode == INPUTS_APPLY)
		options->apply = inputs->plan;
	if (inputs->mode == INPUTS_APPLY && !inputs->plan)
		problem_add(problems, NULL,
			    "input plan is missing: name the plan that a step with mode: plan "
			    "has written");
	if ((inputs->mode == INPUTS_SYNC || inputs->mode == INPUTS_REQUEST) && inputs->plan)
		problem_add(problems, NULL,
			    "input plan is for mode: plan, which writes it, and for mode: apply");
}
