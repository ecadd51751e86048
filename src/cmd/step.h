/* A step of a GitHub Action: what was read as its inputs is what its runner is told by. */
#pragma once

#include "config/inputs.h"
#include "report/action.h"

/* Where the runner is told; the texts are those of inputs. */
struct action step_action(const struct inputs *inputs);
/* Tells the runner of the configuration's mistakes and warnings. */
void step_problems(const struct inputs *inputs, const struct problems *problems);
