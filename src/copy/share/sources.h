/*
 * Images that go to several destinations: their source is asked once for all of them.
 *
 * The tasks of a round with the same source have a shared source. The first task that needs the
 * digest of the tag, or a manifest, requests it; the others take its answer, or its failure.
 * Manifests are kept while tasks are under way, the digest until the last task is over. An image
 * with one destination has no shared source and costs nothing here. Any thread.
 */
#pragma once

#include "copy/share/fanout.h"
#include "plan/task.h"
#include "store/store.h"

struct sources;
struct shared_source;

struct sources *sources_new(void);
/* *sources may be NULL. */
void sources_free(struct sources **sources);

/*
 * Before a round, when no task is under way: forgets all answers and finds the tasks with the same
 * source. numbers are the count indexes in tasks of those that will run. False without memory.
 */
bool sources_expect(struct sources *sources, const struct task *const *tasks, const size_t *numbers,
		    size_t count);
/* The number of the task's source among the shared ones, from 1; 0: no other task has it. */
size_t sources_number(struct sources *sources, const struct task *task);
/* Begins a task. NULL: no other task has its source. */
struct shared_source *sources_enter(struct sources *sources, const struct task *task);
/* Ends a task; source may be NULL. */
void sources_leave(struct sources *sources, struct shared_source *source);

/* The images under way from this source. Valid while one of its tasks is. */
struct fanout_group *sources_group(struct shared_source *source);

/* Forgets failures, so that the next call sends a request again. source may be NULL. */
void sources_forgive(struct shared_source *source);
/*
 * Like store_head_listed(), once for all tasks of the source: reference, in store, is the one in
 * their source. out->digest is valid as long as arena and the task.
 */
bool sources_head(struct shared_source *source, const struct store *store, struct arena *arena,
		  const char *reference, struct manifest_status *out, struct error *err);
/*
 * Like store_get() for a digest, once for all tasks of the source. The bytes are valid as long as
 * arena and the task.
 */
bool sources_manifest(struct shared_source *source, const struct store *store, struct arena *arena,
		      const char *digest, struct manifest_bytes *out, struct error *err);
