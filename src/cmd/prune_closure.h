/*
 * Digests of manifests, with all that they name: what tags still need, or what goes with one.
 *
 * Several threads may add to one.
 */
#pragma once

#include "base/map.h"
#include "store/store.h"

#include <pthread.h>

struct closure {
	pthread_mutex_t lock;
	struct map digests;
	bool subjects; /* what a referrer is about counts as well */
};

void prune_closure_init(struct closure *closure, bool subjects);
void prune_closure_finish(struct closure *closure);
/*
 * Adds what reference, a tag or digest, stands for, and everything that is in it. own becomes its
 * digest; "": it is not there. Anything that cannot be read to its end is an error.
 */
bool prune_closure_add(struct closure *closure, const struct store *store, const char *reference,
		       char own[DIGEST_TEXT_SIZE], struct error *err);
/* Adds a digest alone. */
bool prune_closure_note(struct closure *closure, const char *digest, struct error *err);
/* Adds all that other has; nobody may change that meanwhile. */
bool prune_closure_join(struct closure *closure, const struct closure *other, struct error *err);
bool prune_closure_has(struct closure *closure, const char *digest);

/*
 * Sets *absent when the store says once more, past all caches, that it does not have reference.
 * What is removed for lack of something must not depend on one answer.
 */
bool prune_closure_absent(const struct store *store, const char *reference, bool *absent,
			  struct error *err);
