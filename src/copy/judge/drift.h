/*
 * A destination tag that holds another image than it should, and the policies for that.
 *
 * Under every policy but CHANGE_OVERWRITE nothing is written without knowing what the tag holds,
 * and it is asked again right before it is written.
 */
#pragma once

#include "copy/image.h"

/*
 * The target answered 403 when it was asked for tag, which some registries do for what does not
 * exist. Asks for the list of tags; true when that shows that the tag is not there.
 */
bool drift_absent(const struct store *target, const char *tag, struct error *err);
/*
 * Decides what is to be done: fills image->todo, the outcome's reason, and target.tag where the
 * image goes to another one. ERROR_IMMUTABLE: the policy, or under CHANGE_RETAG the other tag too,
 * forbids to write.
 */
bool drift_decide(struct image *image, struct error *err);
/*
 * After a push that failed: true when that is since somebody else wrote the tag, and it is to be
 * decided again. That happens once.
 */
bool drift_noticed(struct image *image);
/*
 * Asks what the tag holds before digest is pushed there. *held: digest is there already and need
 * not be pushed. ERROR_IMMUTABLE and target.moved: it is not what it held before any more.
 */
bool drift_check(struct image *image, const char *tag, const char *digest, bool *held,
		 struct error *err);
