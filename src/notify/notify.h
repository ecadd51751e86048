/*
 * Messages when a run is over: who gets one, and what if it cannot be delivered.
 *
 * All targets at the same time, in at most a minute and a half; after a stop within the seconds
 * that are left before the process is ended.
 */
#pragma once

#include "base/pool.h"
#include "config/notify/notify_target.h"
#include "net/http.h"
#include "report/tally.h"

struct notify_run {
	struct http *http;
	struct pool *pool;
	const struct notify_list *targets;
	const struct tally *tally; /* complete and sorted */
	const char *report;        /* the file that has the report; NULL: none */
	int code;                  /* the exit status without any messages */
	bool repeated;  /* the run before failed in the same way, and nothing else has changed */
	bool recovered; /* the run before failed, this one did not */
};

/* True when a target gets the whole report, so that the tally must have every image. */
bool notify_wants_report(const struct notify_list *targets);
/*
 * Sends what is to be sent; a message that cannot be delivered is a warning in the log. Returns
 * code, or 1 instead of 0 when a message that is required was not delivered. By the thread of the
 * run, which works for no run afterwards.
 */
int notify_send(const struct notify_run *run);
