/* Limits the process to what one run needs of the machine (base/landlock.h and base/seccomp.h). */
#pragma once

#include "cmd/run.h"

/*
 * Starts the process for credential helpers if the run needs one, then confines this one to the
 * files, ports and system calls of the run: sets run->helpers and run->ports. Call it before the
 * first thread and after everything is read. Limits that the kernel does not support are left out;
 * the debug log says what was done. False without memory or without that process.
 */
bool confine_run(struct run *run, struct error *err);
