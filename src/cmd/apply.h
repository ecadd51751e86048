/* image-syncer apply PLAN: a run whose rules are the images of a plan. */
#pragma once

#include "cmd/run.h"

/* Runs the command. argv[0] is its name. Returns the exit status. */
int apply_run(int argc, char **argv);
/*
 * With --shard, keeps the images of that group: of the plan, if it has so many groups, else of
 * groups that every job works out alike. False without memory.
 */
bool apply_shard(struct run *run);
/* Reports what could not be compared when the plan was made; in other runs nothing. */
void apply_failures(struct run *run);
