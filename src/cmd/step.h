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
