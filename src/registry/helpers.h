/*
 * The process that starts credential helpers, so that the one that talks to servers need not.
 *
 * A helper is a program that reads the user's files and variables and may start others. The process
 * is forked before anything is given up, and keeps what it had then; it only takes the names of
 * helpers that the credentials of the run have, with the hosts they are for. It ends with the run.
 */
#pragma once

#include "base/arena.h"
#include "registry/credential.h"
#include "registry/login.h"

struct helpers;

/*
 * Starts it if any of the credentials that are needed has a helper; *out is NULL otherwise. By the
 * only thread, and credentials must stay as they are. False when it cannot be started.
 */
bool helpers_start(struct arena *arena, const struct credentials *credentials, struct helpers **out,
		   struct error *err);
/* As helper_get(), from any thread. With NULL for helpers this process starts the helper itself. */
bool helpers_get(struct helpers *helpers, const char *helper, const char *host, struct login *out,
		 struct error *err);
/* Nobody may be asking. *helpers may be NULL. */
void helpers_stop(struct helpers **helpers);
