/*
 * Copying images: one task in, one outcome out.
 *
 * A copier serves the whole run and is shared by all threads. It writes nothing to terminal or log
 * but debug lines.
 */
#pragma once

#include "base/pool.h"
#include "net/throttle.h"
#include "plan/progress.h"
#include "plan/task.h"
#include "store/store.h"

struct copier;

struct copier_options {
	struct pool *pool;
	struct stores stores; /* what opens both sides */
	struct progress *progress;
	struct throttle *throttle; /* of all blobs together; NULL: none */
	unsigned blobs_in_flight;  /* at most that many blobs move at once; > 0 */
	bool force;                /* push manifests even where the target is in sync */
	bool dry_run;              /* read everything, write nothing */
	bool verify;               /* read back what the target holds in the end */
};

/* options and what it points to must outlive the copier. NULL without memory. */
struct copier *copier_new(const struct copier_options *options);
void copier_free(struct copier **copier);

/*
 * Before a round, when no image is under way: tells of the tasks that copier_run() will get, by
 * their numbers. A registry with work keeps a slot for its blobs, and those with the same source
 * ask it once. False without memory.
 */
bool copier_expect(struct copier *copier, const struct task *const *tasks, const size_t *numbers,
		   size_t count);
/*
 * Brings the task's destination in step with its source. Strings of *outcome live in arena. Images
 * fail one by one: the outcome says how, there is no other error.
 */
void copier_run(struct copier *copier, struct arena *arena, const struct task *task,
		struct outcome *outcome);
/*
 * The patterns of platform filters that no image of the run was let pass by, as "os=linux" or
 * "arch=arm:v7"; for a warning after the last task. Where an image's platforms were not looked at,
 * since it failed or is in sync as it is, its patterns are not among them. False without memory.
 */
bool copier_unmatched(struct copier *copier, struct arena *arena, const char *const **patterns,
		      size_t *count);
