/*
 * A session with many runs: by the clock, and for what hooks have queued. It has one thread that
 * decides, one for each run, and those of the listener and of the queue.
 */
#pragma once

#include "cmd/jobs.h"
#include "cmd/watch.h"
#include "cmd/work.h"
#include "serve/hooks.h"
#include "serve/listener.h"
#include "serve/queue.h"

enum { SERVER_JOBS_MAX = 8 }; /* that run at the same time */

/* Zeroed but for session.arena it is begun, and may be closed. */
struct server {
	struct session session;
	const struct options *options; /* of the command line, which outlives it */
	struct jobs_default own;
	struct watch *watch;
	int64_t looked; /* what the clock said last */
	int doorbell;   /* an eventfd: something has happened; -1: each second has to do */

	struct queue *queue;       /* NULL: nothing is queued */
	struct listener *listener; /* NULL: nobody is listened to */
	struct hooks *hooks;
	atomic_bool run_wanted;

	struct schedule interval; /* of what waits for it in the queue */
	int64_t grace;            /* seconds that runs have after a signal */
	int64_t interval_due;     /* INT64_MAX: never */
	struct news news;         /* used by the run of what is queued, while there is one */
	struct news told;         /* used by the thread that sends it, while there is one */
	bool job_ended;           /* since the last run of what is queued began */
	int64_t gathered_ms;      /* when what is due is taken together; 0: nothing is due */

	struct editions editions;
	pthread_mutex_t lock; /* of what follows, which one thread changes and others read */
	struct jobs jobs;
	struct work works[SERVER_JOBS_MAX];
	struct work queued;
	struct work telling;                   /* a message about what hooks have brought */
	uint64_t number;                       /* of the last run */
	struct state_run runs[STATE_RUNS_MAX]; /* that are over, newest first */
	size_t run_count;
	struct state_counters counters;
	int64_t started;
	char refused[ERROR_TEXT_SIZE]; /* why the files are not used; "": they are */
};

/* False without memory. */
bool server_open(struct server *server);
/*
 * Reads the files, listens, and serves until it is asked to stop. Returns the exit status.
 * problems: those of the command line.
 */
int server_run(struct server *server, struct problems *problems);
void server_close(struct server *server);
/* Waits until something rings or is due, at most so many milliseconds. */
void server_wait(struct server *server, int64_t most);
/* Wakes the thread that decides, from any other one. */
void server_ring(void *server);
/* For signal handlers: the log is to be opened again; the files are read again, for a run. */
void server_wish_log(void);
void server_wish_files(void);
