/*
 * The policies for a destination tag that holds another image than the source.
 *
 * Under every policy but CHANGE_OVERWRITE the tag is not written without knowing what it holds, and
 * the target is asked again right before it is written.
 */
#pragma once

#include "copy/image.h"

/*
 * The target answered 403 when it was asked for tag, as some registries do for a tag that does not
 * exist. Asks for the list of tags; true when it shows that the tag does not exist.
 */
bool drift_absent(const struct store *target, const char *tag, struct error *err);
/*
 * True when the tags of the rule are not written unseen: under every policy but CHANGE_OVERWRITE,
 * and for an image of a plan, unless a destination that has moved may be overwritten.
 */
bool drift_guards(const struct rule *rule);
/*
 * Decides what is to be done: fills image->todo, the outcome's reason, and target.tag when the
 * image goes to another tag. ERROR_IMMUTABLE: the policy forbids to write the tag, or under
 * CHANGE_RETAG the other tag holds another image as well. ERROR_MOVED: the tag holds another image
 * than when the plan was made.
 */
bool drift_decide(struct image *image, struct error *err);
/*
 * After a push that failed: true when another client has written the tag, so that drift_decide() is
 * to be called again. True once at most.
 */
bool drift_noticed(struct image *image);
/*
 * Asks what the tag holds before digest is pushed there. *held: it already holds digest, which need
 * not be pushed. ERROR_IMMUTABLE, in a plan ERROR_MOVED, with target.moved set: it has changed to
 * another image.
 */
bool drift_check(struct image *image, const char *tag, const char *digest, bool *held,
		 struct error *err);
