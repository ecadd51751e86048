/*
 * What a server tells of itself: one snapshot, which becomes JSON (status.h), figures for
 * Prometheus (metrics.h) and, in a browser, the page (page.h).
 *
 * Plain record, made for each reader; texts belong to its maker. All times are seconds since
 * 1970, and 0 where there is none.
 */
#pragma once

#include "serve/queue.h"

enum { STATE_RUNS_MAX = 20 };

/* A run that is over, or under way. */
struct state_run {
	uint64_t number;
	const char *what; /* static: "schedule", "hooks" */
	int64_t started;
	int64_t ended; /* 0: it is under way */
	bool ok;       /* once it has ended */
	size_t images; /* known so far */
	size_t copied, in_sync, failed;
	int64_t bytes; /* sent to destinations */
};

/* A schedule. */
struct state_job {
	const char *when; /* "every 6h", "cron 17 3 * * *" */
	size_t rules;
	int64_t next; /* 0: it runs at this moment */
	bool running;
};

/* Counted since the start. */
struct state_counters {
	uint64_t hooks_queued;
	uint64_t hooks_ignored;   /* no route */
	uint64_t hooks_refused;   /* bad name, tag or body */
	uint64_t hooks_snapshots; /* snapshot tags, which are refused */
	uint64_t hooks_full;      /* the queue was full */
	uint64_t hooks_denied;    /* login */
	uint64_t hooks_unsaved;   /* the record could not be written */
	uint64_t hooks_others;    /* events that name no pushed tag */
	uint64_t runs_succeeded, runs_failed;
	uint64_t images_copied, images_in_sync, images_failed, images_retried;
	uint64_t bytes;
	int64_t run_milliseconds; /* of all runs */
	int64_t last_success;     /* when a run last succeeded */
	uint64_t reloads, failed_reloads;
};

struct state {
	int64_t now, started;
	const char *version; /* of the program */
	bool ready;
	bool stopping;
	const char *configuration_error; /* why files were refused as they are now; NULL: none */
	struct state_job *jobs;
	size_t job_count;
	struct state_run *runs; /* newest first */
	size_t run_count;
	struct queue_figures queue;
	struct queue_entry *entries; /* some of those in the queue */
	size_t entry_count;
	struct state_counters counters;
};
