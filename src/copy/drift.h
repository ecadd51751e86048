/*
 * A destination tag that holds another image than it should, and the policies for that.
 *
 * Under every policy but CHANGE_OVERWRITE nothing is written without knowing what the tag holds,
 * and it is asked again right before it is written.
 */
#pragma once

#include "copy/copier_private.h"

enum drift_way {
	DRIFT_PUSH,  /* go on, and push under the tag */
	DRIFT_SKIP,  /* leave it as it is */
	DRIFT_EQUAL, /* the tag has all that is wanted already */
};

/* What is to be done about a tag that holds another image. */
struct drift {
	enum drift_way way;
	const char *tag;  /* where to: the task's, or that of CHANGE_RETAG */
	const char *held; /* what that tag holds; NULL: nothing */
};

/*
 * The target answered 403 when it was asked for tag, which some registries do for what does not
 * exist. Asks for the list of tags; true when that shows that the tag is not there.
 */
bool drift_absent(const struct repository *target, const char *tag, struct error *err);
/*
 * Decides what to do where task's tag holds held and wanted is to be there. ERROR_IMMUTABLE: the
 * policy, or under CHANGE_RETAG the other tag too, forbids it.
 */
bool drift_decide(struct image *image, struct arena *arena, const struct task *task,
		  const char *held, const char *wanted, struct drift *out, struct error *err);
/*
 * Asks what the tag holds before digest is pushed there. *held: digest is there already and need
 * not be pushed. ERROR_IMMUTABLE and image->moved: it is not image->expected any more.
 */
bool drift_check(struct image *image, const char *tag, const char *digest, bool *held,
		 struct error *err);
