/*
 * A session with one run: everything that can be wrong with the input is reported before the first
 * request (load.c), then the process gives up what the run does not need (confine.c), and what is
 * left runs (run.c).
 */
#include "cmd/sync.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/confine.h"
#include "cmd/hints_file.h"
#include "cmd/load.h"

#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static int out_of_memory(void)
{
	log_error("out of memory");
	return EXIT_FAILURE;
}

int sync_run(const struct options *options, struct problems *problems)
{
	/* The time limit is also that of closing both. */
	scoped(cancel_close) struct cancel cancel = {0};
	scoped(session_close) struct session session = {.arena = arena_new()};
	scoped(run_close) struct run run = {0};
	struct error err;
	cancel_open(&cancel, config_timeout(options));
	cancel_enter(&cancel);
	if (!session.arena || !run_open(&run, &session, options))
		return out_of_memory();
	if (!load_run(&run, problems))
		return cancel_requested() ? cancel_status(cancel_reason()) : EXIT_USAGE;
	if (!hints_file_open(&run))
		return out_of_memory();
	if (!confine_runs(&session, &run, 1, &err)) {
		log_error("%s", err.text);
		return EXIT_FAILURE;
	}
	if (!session_open(&session, options, &run.config.limits))
		return out_of_memory();
	return run_sync(&run);
}
