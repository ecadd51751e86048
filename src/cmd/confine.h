/*
 * What one run needs of the machine: everything else is refused to it (base/landlock.h and
 * base/seccomp.h).
 */
#pragma once

#include "cmd/run.h"

/*
 * Starts the process for credential helpers if the run needs one, then confines this one to the
 * files, ports and system calls of the run: sets run->helpers and run->ports. Before the first
 * thread and after everything is read. What the kernel cannot do is done without; what was done is
 * told in the log, for debugging. False without memory or without that process.
 */
bool confine_run(struct run *run, struct error *err);
