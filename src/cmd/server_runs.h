/* The runs of a server: which begin now, what becomes of those that have ended, and how they go. */
#pragma once

#include "cmd/server.h"

/* Makes all that waits due: each job, and what is queued. */
void server_runs_want(struct server *server);
/* Ends the runs that are over and starts what is due. */
void server_runs_look(struct server *server);
/* How long there is nothing to look at, at most that long. Milliseconds. */
int64_t server_runs_patience(const struct server *server, int64_t most);
/* When the next job is due; INT64_MAX: none by the clock. */
int64_t server_runs_next(const struct server *server);
/* Whether one is under way. */
bool server_runs_active(const struct server *server);
/* Waits until all are over, which begin nothing new; from that time of clock_ms() on they hurry. */
void server_runs_end(struct server *server, int64_t hurry_ms);
/* For hooks: fills in all that a server tells but for the queue. Any thread. */
bool server_runs_describe(void *server, struct arena *arena, struct state *out);
