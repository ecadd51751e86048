/* What one run needs of the machine: everything else is refused to it (base/harden.h). */
#pragma once

#include "cmd/run.h"

/*
 * Confines the process to what the options and files of the run ask for. Before the first thread
 * and after everything is read; what the kernel cannot do is done without. Tells in the log, for
 * debugging, what was done.
 */
void confine_run(const struct run *run);
/*
 * Takes secrets out of the environment, where others could read them; with the last one who reads
 * it, so once the objects of the run are made.
 */
void confine_environment(const struct run *run);
