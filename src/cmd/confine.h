/*
 * What the runs of a session need of the machine, all together: everything else is refused to the
 * process, once and for good (base/landlock.h and base/seccomp.h).
 */
#pragma once

#include "cmd/run.h"

/*
 * Starts the processes for credential helpers that the runs need, then confines this one to the
 * files, ports and system calls of the runs: sets session->ports, and the helpers of each run.
 * Before the first thread, and after all of them were loaded. A kernel that lacks one of these is
 * no error; a debug line says what was confined. False without memory or without such a process.
 */
bool confine_runs(struct session *session, struct run *runs, size_t count, struct error *err);
