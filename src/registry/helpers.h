/*
 * The process that starts credential helpers, so that the one that talks to servers need not.
 *
 * A helper is a program that reads the user's files and variables and may start others. So this
 * process is forked before the run gives up any rights, and keeps them. It accepts only the names
 * of helpers that the run's credentials have, with the hosts to ask for. It ends with the run.
 */
#pragma once

#include "base/arena.h"
#include "registry/credential.h"
#include "registry/login.h"

struct helpers;

/*
 * Starts it if any needed credential has a helper; *out is NULL otherwise. Call it while there is
 * one thread; credentials must not change afterwards. False when it cannot be started.
 */
bool helpers_start(struct arena *arena, const struct credentials *credentials, struct helpers **out,
		   struct error *err);
/* Like helper_get(), from any thread. If helpers is NULL this process starts the helper itself. */
bool helpers_get(struct helpers *helpers, const char *helper, const char *host, struct login *out,
		 struct error *err);
/* No thread may be in helpers_get() any more. *helpers may be NULL. */
void helpers_stop(struct helpers **helpers);
