/*
 * The source needs no comparison: the task has its digest, so no other image can come. What a
 * platform filter makes of it depends on the filter as well, so that is compared.
 */
#include "copy/judge/pinned.h"

#include <string.h>

static const struct planned *planned_of(const struct image *image)
{
	return image->task->rule->planned;
}

bool pinned_settle(struct image *image, bool *settled, struct error *err)
{
	const struct planned *planned = planned_of(image);
	struct outcome *outcome = image->outcome;
	*settled = planned &&
		   (planned->action == PLANNED_SKIPPED || planned->action == PLANNED_REFUSED);
	if (!*settled)
		return true;
	outcome->digest = image->task->source.digest;
	outcome->before = planned->before;
	if (planned->action == PLANNED_SKIPPED) {
		outcome->status = OUTCOME_SKIPPED;
		outcome->reason = planned->reason;
		return true;
	}
	enum error_kind kind = ERROR_REFUSED;
	error_kind_named(str_of(planned->reason), &kind);
	return error_set(err, kind, "refused when the plan was made: %s", planned->message);
}

bool pinned_recognize(struct image *image)
{
	const struct planned *planned = planned_of(image);
	const char *held = image->target.held;
	if (!planned || !planned->after || !held || strcmp(held, planned->after) != 0)
		return false;
	image->wanted = held;
	return true;
}

bool pinned_check(const struct image *image, struct error *err)
{
	const struct planned *planned = planned_of(image);
	const char *wanted = image->wanted;
	if (!planned || !planned->after || (wanted && strcmp(wanted, planned->after) == 0))
		return true;
	return error_set(err, ERROR_REJECTED,
			 "the plan pins %s for the destination, but of the source %s comes %s: "
			 "plan again with this version of the program",
			 planned->after, image->pinned, wanted ? wanted : "nothing");
}

bool pinned_moved(const struct image *image)
{
	const struct planned *planned = planned_of(image);
	const char *held = image->target.held;
	if (!planned)
		return false;
	return held && planned->before ? strcmp(held, planned->before) != 0
				       : held || planned->before;
}
