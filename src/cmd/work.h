/*
 * A run of a server, in a thread of its own: all rules of a job, or what hooks have queued; or a
 * message about what these have brought.
 *
 * The thread that starts it asks now and then whether it is over, and ends it then. What others may
 * read meanwhile are its figures.
 */
#pragma once

#include "cmd/edition.h"
#include "cmd/news.h"
#include "report/report.h"
#include "serve/state.h"

#include <pthread.h>
#include <stdatomic.h>

/* What is to be done, and for whom. */
struct work_order {
	struct editions *editions;
	const char *job;          /* whose rules; NULL: what is queued */
	const char *own;          /* the name of the job of rules without a schedule */
	struct run_memory memory; /* of the run of the job before this one */
	struct queue *queue;
	struct news *news;       /* of what is queued: added to; without a queue: to be sent */
	bool routed;             /* entries with a destination as well */
	void (*over)(void *ctx); /* called by the thread as its last */
	void *ctx;
};

/* Zeroed it is idle. */
struct work {
	bool active;
	struct arena *arena; /* of the name */
	struct work_order order;
	struct edition *edition;
	const char *name; /* of the job; "": what is queued */
	uint64_t number;
	int64_t started, started_ms;
	int64_t oldest_job; /* when the oldest job began that was under way then; INT64_MAX: none */
	struct report_live figures;
	pthread_t thread;
	atomic_bool over;
	/* Once it is over: */
	int status; /* the exit status of a sync */
	struct run_memory memory;
	size_t retried;
};

/* Begins; oldest_job as above. False: there is no memory, or none for a thread. */
bool work_start(struct work *work, const struct work_order *order, uint64_t number,
		int64_t oldest_job);
/* True once the thread has nothing left to do. */
bool work_is_over(const struct work *work);
/* Waits for the thread. */
void work_join(struct work *work);
/* After that: it is idle. */
void work_end(struct editions *editions, struct work *work);
/* How it goes, or went. */
struct state_run work_state(const struct work *work);
