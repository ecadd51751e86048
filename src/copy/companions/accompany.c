/*
 * The tag comes last, so that no client that demands a signature finds the image without it. The
 * companions at the source are found first: an image without any is pushed under its tag at once.
 *
 * Several tags often name the same image. Its companions are then handled once in a run.
 */
#include "copy/companions/accompany.h"

#include "copy/claim.h"
#include "copy/companions/companions.h"
#include "copy/judge/verify.h"
#include "copy/move/tree.h"

/* With --verify: reads back the companions that the target is to hold. */
static bool verify(struct image *image, const struct companions *found, struct error *err)
{
	const struct copier_options *options = &image->copier->options;
	for (size_t i = 0; options->verify && i < found->count; i++) {
		const struct companion *each = &found->items[i];
		bool held = !each->foreign && (each->present || !options->dry_run);
		if (held && !verify_companion(image, each->tag, each->digest, err))
			return false;
	}
	return true;
}

static bool compare_and_copy(struct image *image, struct arena *arena, struct companions *found,
			     struct error *err)
{
	size_t *count = &image->outcome->companions;
	if (!found->count)
		return true;
	if (!companions_compare(image, found, count, err))
		return false;
	if (!image->copier->options.dry_run && *count &&
	    !companions_copy(image, arena, found, count, err))
		return false;
	return verify(image, found, err);
}

/* Copies the companions in found; if that is NULL, finds them first. */
static bool bring(struct image *image, struct companions *found, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions own = {0};
	if (!arena)
		return error_memory(err);
	if (!found && !companions_find(image, arena, true, &own, err))
		return false;
	return compare_and_copy(image, arena, found ? found : &own, err);
}

/* The same, once in a run for each image, destination and filter. */
static bool bring_once(struct image *image, struct companions *found, struct error *err)
{
	scoped(claim_end) struct claim claim = {0};
	image->outcome->companions = 0;
	const struct store *other = image->outside ? image->outside->from : image->from;
	if (!claim_begin(&claim, image, err, "companions %p %s/%s %s/%s %s/%s@%s",
			 (const void *)image->companions, image->from->party_name,
			 image->from->path, other->party_name, other->path, image->to->party_name,
			 image->to->path, image->wanted))
		return claim.done;
	return claim_settle(&claim, bring(image, found, err), err);
}

bool accompany_copy(struct image *image, struct error *err)
{
	const char *tag = image->target.tag, *digest = image->wanted;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions found = {0};
	if (!arena)
		return error_memory(err);
	if (image->companions && !companions_find(image, arena, false, &found, err))
		return false;
	if (!found.count)
		return tree_copy(image, digest, tag ? tag : digest, err);
	return tree_copy(image, digest, digest, err) && bring_once(image, &found, err) &&
	       (!tag || tree_tag(image, digest, tag, err));
}

bool accompany_late(struct image *image, struct error *err)
{
	return !image->companions || bring_once(image, NULL, err);
}

bool accompany_count(struct image *image, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions found = {0};
	if (!image->companions)
		return true;
	if (!arena)
		return error_memory(err);
	return companions_find(image, arena, false, &found, err) &&
	       (!found.count ||
		companions_compare(image, &found, &image->outcome->companions, err));
}
