/* How a session begins: with its first run. */
#pragma once

#include "cmd/run.h"

/*
 * Loads the first run, confines the process and opens the session, in this order. run was opened;
 * problems are those found so far. False: *status is the exit status, and why was reported.
 */
bool begin_session(struct run *run, struct problems *problems, int *status);
