/* The third step of a run: the tasks, in rounds when some fail for reasons that may pass. */
#pragma once

#include "cmd/run.h"

/*
 * Runs all tasks and tells the report each one's final outcome, which is that of an
 * earlier round where the next one was prevented; what a signal kept from being begun has none.
 * False without memory.
 */
bool rounds_run(struct run *run);
