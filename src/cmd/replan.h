/* Rules that became known in a run, after its registry or somebody else had named repositories. */
#pragma once

#include "cmd/run.h"

/*
 * Makes these, which outlive the run's rules, the rules of the run. One that has mistakes, or that
 * collides with another, is left out and reported as a rule that failed. False without memory.
 */
bool replan_all(struct run *run, const struct rules *all);
