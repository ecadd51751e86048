/*
 * Rules by the times at which they run: those of one schedule are a job, whose runs do not overlap.
 *
 * One thread. Which job runs at this moment is known by its name.
 */
#pragma once

#include "cmd/edition.h"
#include "serve/schedule.h"

struct job {
	const char *name; /* "every 6h", "cron 17 3 * * *"; "" runs only when somebody asks */
	struct schedule schedule;
	int64_t due;              /* seconds since 1970; INT64_MAX: when somebody asks */
	bool wanted;              /* somebody has asked */
	struct run_memory memory; /* of its last run */
	size_t rules;             /* of the files, namespaces included */
};

struct jobs {
	struct arena *arena;
	struct job *items;
	size_t count;
};

/* The server's own schedule, for rules that have none. */
struct jobs_default {
	const char *name; /* as above */
	struct schedule schedule;
};

/* Zeroed memory is a set without jobs. */
void jobs_finish(struct jobs *jobs);
/*
 * Replaces the jobs by those of the edition, at now. One that was there before keeps its time.
 * False without memory: nothing is changed.
 */
bool jobs_take(struct jobs *jobs, const struct edition *edition, const struct jobs_default *own,
	       int64_t now);
/* Leaves in a run, which is not under way, the rules of the job with that name. */
bool jobs_select(struct run *run, const char *name, const char *own);
