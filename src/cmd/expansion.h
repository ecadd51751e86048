/* The second step of a run: from rules to tasks, with the registries' lists of tags. */
#pragma once

#include "cmd/run.h"

/*
 * Expands all rules in parallel. Those whose tags could not be listed for a transient reason are
 * tried again, at most run->options->retries times. False without memory.
 */
bool expansion_run(struct run *run);
/*
 * Collects run->tasks in file order, each pair once, and adds to the report: the tasks, the rules
 * that failed, and second sources for one destination. False without memory.
 */
bool expansion_collect(struct run *run);
