/*
 * What the runs of a session need of the machine, all together: everything else is refused to the
 * process, once and for good (base/landlock.h and base/seccomp.h).
 */
#pragma once

#include "cmd/run.h"

/*
 * Starts the process for the credential helpers that the runs need, then confines this one to the
 * files, ports and system calls of the runs: sets session->ports and session->helpers. In a lasting
 * session the folders of all files that are read stay readable, and the log can be opened again.
 * Before the first thread, and after all runs were loaded. A kernel that lacks one of these is no
 * error; a debug line says what was confined. False without memory or without such a process.
 */
bool confine_runs(struct session *session, struct run *runs, size_t count, struct error *err);
/*
 * Whether a run that was loaded since can do with what the process kept. False: problems says what
 * needs a restart.
 */
bool confine_check(const struct run *run, struct problems *problems);
