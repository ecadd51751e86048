/*
 * Copying images: one task in, one outcome out.
 *
 * A copier serves the whole run and is shared by all threads. It writes nothing to the terminal:
 * how an image went is in its outcome.
 */
#pragma once

#include "base/pool.h"
#include "net/throttle.h"
#include "plan/progress.h"
#include "plan/survey.h"
#include "plan/task.h"
#include "state/state.h"
#include "store/store.h"

struct copier;
struct ranges_budget;

struct copier_options {
	struct pool *pool;
	struct stores stores; /* opens both sides */
	struct progress *progress;
	struct sync_state *state;     /* read and added to; NULL: none */
	struct survey *survey;        /* gets what a plan needs to know; NULL: none is made */
	struct throttle *throttle;    /* limits all blobs together; NULL: no limit */
	struct ranges_budget *ranges; /* see ranges.h; NULL: one connection for each blob */
	unsigned blobs_in_flight;     /* the largest number of blobs that move at once; > 0 */
	bool force;                   /* push manifests even where the target is in sync */
	bool dry_run;                 /* read everything, write nothing */
	bool verify;                  /* read back what the target holds in the end */
};

/* options and what it points to must outlive the copier. NULL without memory. */
struct copier *copier_new(const struct copier_options *options);
void copier_free(struct copier **copier);

/*
 * Before a round, when no image is under way: announces the tasks that copier_run() will get, as
 * count indexes in tasks. So a registry with work keeps a slot for its blobs, and tasks with the
 * same source ask it once. False without memory.
 */
bool copier_expect(struct copier *copier, const struct task *const *tasks, const size_t *numbers,
		   size_t count);
/*
 * The number of the task's source among those of several announced tasks, from 1; 0: no other task
 * has it.
 */
size_t copier_group(struct copier *copier, const struct task *task);
/*
 * Brings the task's destination in step with its source. Strings of *outcome live in arena. A
 * failure is part of the outcome; there is no other error.
 */
void copier_run(struct copier *copier, struct arena *arena, const struct task *task,
		struct outcome *outcome);
/*
 * The patterns of platform filters, as "os=linux" or "arch=arm:v7", that let no image of the run
 * pass; for a warning after the last task. Patterns of an image whose platforms were not looked at,
 * because it failed or is in sync, are not among them. False without memory.
 */
bool copier_unmatched(struct copier *copier, struct arena *arena, const char *const **patterns,
		      size_t *count);
