/*
 * The process that starts credential helpers, so that the one that talks to servers need not.
 *
 * A helper is a program that reads the user's files and variables and may start others. So this
 * process is forked before anything is given up, and keeps all rights. It accepts only the names of
 * helpers that it was started for, with the hosts to ask for. It ends with the process that asks.
 */
#pragma once

#include "base/arena.h"
#include "registry/login.h"

struct helpers;

/*
 * Starts it for the helpers of these names, which outlive it; NULL ends them. *out is NULL if there
 * are none. Call it while there is one thread. False when it cannot be started.
 */
bool helpers_start(struct arena *arena, const char *const *names, struct helpers **out,
		   struct error *err);
/* True for a helper that it was started for; helpers may be NULL. */
bool helpers_know(const struct helpers *helpers, const char *helper);
/* Like helper_get(), from any thread. If helpers is NULL this process starts the helper itself. */
bool helpers_get(struct helpers *helpers, const char *helper, const char *host, struct login *out,
		 struct error *err);
/* No thread may be in helpers_get() any more. *helpers may be NULL. */
void helpers_stop(struct helpers **helpers);
