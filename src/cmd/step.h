/* A step of a GitHub Action: connects its inputs with the report to its runner. */
#pragma once

#include "config/action/inputs.h"
#include "config/outputs.h"
#include "report/action.h"

/*
 * The files for the runner, except those that outputs_compare() refused; the texts are those of
 * inputs.
 */
struct action step_action(const struct inputs *inputs, const struct outputs *outputs);
/* Reports the configuration's mistakes and warnings to the runner. */
void step_problems(const struct action *action, const struct problems *problems);
/*
 * Sets what comes before the command line: defaults, variables, and in Action mode the inputs of
 * the step. Mistakes go to problems.
 */
void step_read(struct arena *arena, struct inputs *inputs, struct options *options,
	       struct problems *problems);
/*
 * The action of a step that does not begin; nothing is written yet. Of the files that it writes
 * none may be one that its options name.
 */
struct action step_alone(const struct options *options, struct problems *problems);
