/* How a session begins: with what its first run is given. */
#pragma once

#include "cmd/run.h"

/*
 * Loads the first run, confines the process and opens the session, in this order. run was opened;
 * problems are those found so far. False: *status is the exit status, and why was reported.
 */
bool begin_session(struct run *run, struct problems *problems, int *status);
/* The two halves of it, for a session that opens more before the process is confined. */
bool begin_loaded(struct run *run, struct problems *problems, int *status);
bool begin_confined(struct run *run, int *status);
