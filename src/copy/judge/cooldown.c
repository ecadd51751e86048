/*
 * What an image says of itself does not count, since whoever has taken over a repository pushes
 * images that are as old as they like. What counts is when the registry says it was pushed, or, if
 * it does not say so, when the state first saw the digest.
 *
 * An image that is in sync stays in sync, however new it is.
 */
#include "copy/judge/cooldown.h"

#include "base/clock.h"
#include "plan/picks.h"
#include "store/store.h"

#include <string.h>

/* The tag may stand beside the digest in the rule. */
static struct reference name_of(const struct image *image)
{
	struct reference name = image->task->source;
	if (!name.tag)
		name.tag = rule_terms(image->task->rule)->pinned_tag;
	return name;
}

static void leave(struct image *image, const char *reason)
{
	image->todo = IMAGE_LEAVE;
	image->outcome->status = OUTCOME_SKIPPED;
	image->outcome->reason = reason;
}

static bool not_known(const struct image *image, struct error *err)
{
	const struct reference *source = &image->task->source;
	const char *remedy =
		image->copier->options.state
			? "the state has no room for it: keep one for each part of "
			  "the rules"
			: "add --state FILE, which counts from when a run first saw it";
	return error_set(err, ERROR_CONFIG, "min-age: %s does not say when %s@%s was pushed: %s",
			 source->host, source->repository, image->pinned, remedy);
}

/* Compares the image's age with the one that its rule wants. */
static bool judge_age(struct image *image, int64_t min_age, bool *wait, struct error *err)
{
	const char *tag = name_of(image).tag;
	int64_t since = tag ? store_pushed(image->from, tag, image->pinned) : 0;
	if (!since)
		since = image->seen;
	if (!since)
		return not_known(image, err);
	*wait = clock_unix() - since < min_age;
	if (!*wait)
		return true;
	leave(image, "too-new");
	image->outcome->ready = since + min_age;
	return true;
}

bool cooldown_decide(struct image *image, bool *wait, struct error *err)
{
	const struct terms *terms = rule_terms(image->task->rule);
	const char *held = image->target.held;
	const struct reference name = name_of(image);
	bool released;
	*wait = false;
	if (!image->wanted || (held && strcmp(held, image->wanted) == 0))
		return true;
	if (!picks_name(terms->hold, &name, image->pinned, wait, err))
		return false;
	if (*wait) {
		leave(image, "held");
		return true;
	}
	if (terms->min_age <= 0)
		return true;
	if (!picks_name(terms->release, &name, image->pinned, &released, err))
		return false;
	return released || judge_age(image, terms->min_age, wait, err);
}
