/*
 * Images that go to several places: what their source says is asked once.
 *
 * The tasks of a round that have the same source share an origin. The first one that wants the
 * digest of the tag, or a manifest, asks; the others take its answer, or its failure. Manifests are
 * kept while tasks are under way, the digest until the last one is over. An image with one
 * destination has no origin and costs nothing here. Any thread.
 */
#pragma once

#include "copy/share/tees.h"
#include "plan/task.h"
#include "store/store.h"

struct origins;
struct origin;

struct origins *origins_new(void);
/* *origins may be NULL. */
void origins_free(struct origins **origins);

/*
 * Before a round, when no task is under way: forgets all answers, and looks which of the tasks have
 * the same source. numbers says which of tasks will run. False without memory.
 */
bool origins_expect(struct origins *origins, const struct task *const *tasks, const size_t *numbers,
		    size_t count);
/* Begins a task. NULL: no other task has its source. */
struct origin *origins_enter(struct origins *origins, const struct task *task);
/* Ends a task; origin may be NULL. */
void origins_leave(struct origins *origins, struct origin *origin);

/* The images under way from this source. Valid while one of its tasks is. */
struct tees_company *origins_company(struct origin *origin);

/* Forgets failures: what is asked next is asked again. origin may be NULL. */
void origins_forgive(struct origin *origin);
/*
 * As store_head_listed(), once for all tasks of the origin: reference, at store, is what
 * stands in their source. out->digest is valid as long as arena and the task.
 */
bool origins_head(struct origin *origin, const struct store *store, struct arena *arena,
		  const char *reference, struct manifest_status *out, struct error *err);
/*
 * As store_get() for a digest, once for all tasks of the origin. The bytes are valid as long as
 * arena and the task.
 */
bool origins_manifest(struct origin *origin, const struct store *store, struct arena *arena,
		      const char *digest, struct manifest_bytes *out, struct error *err);
