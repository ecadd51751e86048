/* The third step of a run: the tasks, in rounds when some fail for transient reasons. */
#pragma once

#include "cmd/run.h"

/*
 * Runs all tasks and reports the final outcome of each, which is that of an earlier round if the
 * next was prevented; a task that a signal kept from beginning has none. False without memory.
 */
bool rounds_run(struct run *run);
