/* A step of a GitHub Action: what was read as its inputs is what its runner is told by. */
#pragma once

#include "config/action/inputs.h"
#include "config/outputs.h"
#include "report/action.h"

/*
 * Where the runner is told, as far as outputs_compare() found no harm; the texts are those of
 * inputs.
 */
struct action step_action(const struct inputs *inputs, const struct outputs *outputs);
/* Tells the runner of the configuration's mistakes and warnings. */
void step_problems(const struct action *action, const struct problems *problems);
