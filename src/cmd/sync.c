/* A session with one run. */
#include "cmd/sync.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/begin.h"

#include <stdlib.h>

int sync_run(const struct options *options, struct problems *problems)
{
	/* The time limit is also that of closing both. */
	scoped(cancel_close) struct cancel cancel = {0};
	scoped(session_close) struct session session = {.arena = arena_new()};
	scoped(run_close) struct run run = {0};
	int status;
	cancel_open(&cancel, config_timeout(options));
	cancel_enter(&cancel);
	if (!session.arena || !run_open(&run, &session, options)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	return begin_session(&run, problems, &status) ? run_sync(&run) : status;
}
