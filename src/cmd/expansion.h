/* The second step of a run: from rules to tasks, with the registries' lists of tags. */
#pragma once

#include "cmd/run.h"

/*
 * Expands all rules in parallel, those again whose tags could not be listed for a reason that may
 * pass, at most run->options->retries times. False without memory.
 */
bool expansion_run(struct run *run);
/*
 * Gathers run->tasks in file order, each pair once; tells the report of them, of rules that failed
 * and of second sources for one destination. False without memory.
 */
bool expansion_collect(struct run *run);
