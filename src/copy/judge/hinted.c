/*
 * What a filter leaves of an image follows from the image's digest and the filter, so a hint is as
 * good as the index itself.
 */
#include "copy/judge/hinted.h"

#include "base/clock.h"

/* False without memory; then the image does without a hint. */
static bool describe(const struct image *image, struct arena *arena, const char *held,
		     struct hint *out)
{
	*out = (struct hint){.source = reference_string(arena, &image->task->source),
			     .destination = reference_string(arena, &image->task->destination),
			     .terms = platform_filter_text(arena, image->filter),
			     .source_digest = image->pinned,
			     .destination_digest = held};
	return out->source && out->destination && out->terms;
}

bool hinted_settle(struct image *image)
{
	const struct copier_options *options = &image->copier->options;
	const char *held = image->target.held;
	struct hints *hints = options->state ? state_hints(options->state) : NULL;
	struct hint hint;
	if (!hints || options->force || !describe(image, image->arena, held, &hint) ||
	    !hints_confirm(hints, &hint))
		return false;
	image->wanted = held;
	/* Where nothing passes, no pattern of the filter did. */
	image->judged = !held;
	return true;
}

void hinted_record(const struct image *image)
{
	struct sync_state *state = image->copier->options.state;
	const char *wanted = image->wanted;
	struct hint hint;
	bool there = image->todo == IMAGE_KEEP ||
		     (image->todo == IMAGE_PUSH && image->outcome->status == OUTCOME_COPIED);
	bool done = wanted ? there && image->target.tag == image->task->destination.tag
			   : !image->target.held;
	if (state && image->filter && done && describe(image, image->arena, wanted, &hint))
		hints_record(state_hints(state), &hint, clock_unix());
}
