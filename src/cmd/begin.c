/*
 * Everything that can be wrong with the input is reported before the first request (load.c), then
 * the process gives up what no run needs (confine.c).
 */
#include "cmd/begin.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/confine.h"
#include "cmd/load.h"
#include "cmd/state_keeper.h"

#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static bool out_of_memory(void)
{
	log_error("out of memory");
	return false;
}

bool begin_loaded(struct run *run, struct problems *problems, int *status)
{
	*status = EXIT_FAILURE;
	if (load_run(run, problems)) {
		*status = EXIT_USAGE;
		return state_keeper_open(run->session, run);
	}
	*status = cancel_requested() ? cancel_status(cancel_reason()) : EXIT_USAGE;
	return false;
}

bool begin_confined(struct run *run, int *status)
{
	struct session *session = run->session;
	struct error err;
	*status = EXIT_FAILURE;
	if (!confine_runs(session, run, 1, &err)) {
		log_error("%s", err.text);
		return false;
	}
	return session_open(session, run->options, &run->config.limits) || out_of_memory();
}

bool begin_session(struct run *run, struct problems *problems, int *status)
{
	return begin_loaded(run, problems, status) && begin_confined(run, status);
}
