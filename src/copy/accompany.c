/*
 * The tag comes last, so that nobody who demands a signature sees the image before it. What the
 * source has is found out first: an image without companions is pushed under its tag at once.
 *
 * Several tags often name one image. Its companions are then looked at once in a run.
 */
#include "copy/accompany.h"

#include "copy/companions.h"
#include "copy/tree.h"
#include "copy/verify.h"

static bool compare_and_copy(struct image *image, struct arena *arena, struct companions *found,
			     size_t *count, struct error *err)
{
	if (!found->count)
		return true;
	if (!companions_compare(image, found, count, err))
		return false;
	if (!image->copier->options.dry_run && *count &&
	    !companions_copy(image, arena, found, count, err))
		return false;
	return !image->copier->options.verify || verify_companions(image, found, err);
}

/* What was found, or is still to be found when found is NULL. */
static bool bring(struct image *image, const char *digest, struct companions *found, size_t *count,
		  struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions own = {0};
	if (!arena)
		return error_memory(err);
	if (!found && !companions_find(image, arena, digest, true, &own, err))
		return false;
	return compare_and_copy(image, arena, found ? found : &own, count, err);
}

/* Once in a run for each image, destination and filter. */
static bool bring_once(struct image *image, const char *digest, struct companions *found,
		       size_t *count, struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	struct inflight *inflight = image->copier->inflight;
	const char *place = NULL;
	*count = 0;
	buf_printf(&key, "companions %p %s/%s %s/%s@%s", (const void *)image->companions,
		   registry_host_name(&image->from), image->from.name,
		   registry_host_name(&image->to), image->to.name, digest);
	if (!buf_ok(&key))
		return error_memory(err);
	enum inflight_role role =
		inflight_claim(inflight, buf_str(&key), image->from.host, &place, err);
	if (role != INFLIGHT_LEADS)
		return role == INFLIGHT_DONE;
	bool ok = bring(image, digest, found, count, err);
	inflight_end(inflight, buf_str(&key), ok ? image->to.name : NULL, image->from.host, err);
	return ok;
}

bool accompany_copy(struct image *image, const char *tag, const char *digest, size_t *companions,
		    struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions found = {0};
	if (!arena)
		return error_memory(err);
	if (image->companions && !companions_find(image, arena, digest, false, &found, err))
		return false;
	if (!found.count)
		return tree_copy(image, digest, tag ? tag : digest, err);
	return tree_copy(image, digest, digest, err) &&
	       bring_once(image, digest, &found, companions, err) &&
	       (!tag || tree_tag(image, digest, tag, err));
}

bool accompany_late(struct image *image, const char *digest, size_t *companions, struct error *err)
{
	return !image->companions || bring_once(image, digest, NULL, companions, err);
}

bool accompany_count(struct image *image, const char *digest, size_t *companions, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(companions_finish) struct companions found = {0};
	if (!image->companions)
		return true;
	if (!arena)
		return error_memory(err);
	return companions_find(image, arena, digest, false, &found, err) &&
	       (!found.count || companions_compare(image, &found, companions, err));
}
