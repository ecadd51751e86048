/*
 * A companion that cannot be copied fails its image: the tag is written last, so no client finds an
 * image whose signature is still missing. A manifest that is listed as a referrer but names another
 * subject is not one; it is left out with a warning.
 */
#include "copy/companions/companions.h"

#include "base/log.h"
#include "copy/companions/attach.h"
#include "copy/companions/demand.h"
#include "copy/companions/lookup.h"
#include "copy/companions/outside.h"
#include "copy/companions/walk.h"
#include "copy/fetch.h"
#include "copy/move/tree.h"

#include <string.h>

/* Runs steps for the companions or lists of one image in parallel. */
struct loop {
	struct image *image;
	struct companions *companions;
	bool *unlisted; /* for each companion: the target does not list it by itself */
	size_t *at;     /* maps the indexes of the loop to numbers; NULL: they are equal */
	size_t count;   /* steps of the loop */
	struct attachment *attachments;
	bool (*work)(struct loop *loop, size_t number, struct error *err);
};

static bool step(void *ctx, size_t index, struct error *err)
{
	struct loop *loop = ctx;
	return loop->work(loop, loop->at ? loop->at[index] : index, err);
}

static bool run(struct loop *loop,
		bool (*work)(struct loop *loop, size_t number, struct error *err),
		struct error *err)
{
	loop->work = work;
	return pool_try(loop->image->copier->options.pool, loop->count, step, loop, err);
}

static bool name_it(const struct companion *companion, struct error *err)
{
	return error_wrap(err, "%s %s of %s", companion->tag ? companion->tag : "referrer",
			  companion->digest, companion->subject);
}

/* --- finding -------------------------------------------------------------------------------- */

/* Signatures of the whole index do not fit the index that the platform filter makes of it. */
static bool warn_about_index(struct image *image, struct error *err)
{
	size_t count = 0, others = 0;
	if (!walk_count(image, image->pinned, &count, err) ||
	    (image->outside && !walk_count(image->outside, image->pinned, &others, err)))
		return false;
	count += others;
	if (count)
		log_warn("%s@%s: %zu of its signatures and other referrers belong to the whole "
			 "index, which the platform filter changes: they are not copied",
			 image->from->path, image->pinned, count);
	return true;
}

bool companions_find(struct image *image, struct arena *arena, bool held, struct companions *out,
		     struct error *err)
{
	struct walk_job job = {.image = image, .at = image, .arena = arena, .held = held};
	*out = (struct companions){0};
	outside_update(image);
	if (strcmp(image->wanted, image->pinned) != 0 && !warn_about_index(image, err))
		return false;
	if (!walk_source(&job, out, err))
		return false;
	job.at = image->outside;
	if (job.at && !walk_source(&job, out, err))
		return error_wrap(err, "referrers-from");
	return held || demand_check(image, out, err);
}

static bool same_subject(const struct companion *a, const struct companion *b)
{
	return strcmp(a->subject, b->subject) == 0;
}

/* --- comparing ------------------------------------------------------------------------------ */

/* Compares the companions of one subject, the first of which is number. */
static bool compare(struct loop *loop, size_t number, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(map_finish) struct map held = {0};
	struct companions *all = loop->companions;
	const struct companion *first = &all->items[number];
	const struct lookup target = {loop->image->copier->sites, loop->image->to, arena};
	bool listed = false;
	if (!arena)
		return error_memory(err);
	for (size_t i = number; i < all->count && same_subject(&all->items[i], first); i++) {
		struct companion *each = &all->items[i];
		const char *digest = NULL;
		if (each->tag && !lookup_tag(&target, each->tag, &digest, err))
			return false;
		if (!each->tag && !listed && !lookup_referrers(&target, first->subject, &held, err))
			return false;
		listed |= !each->tag;
		each->present = each->tag ? digest && strcmp(digest, each->digest) == 0
					  : map_get(&held, str_of(each->digest)) != NULL;
	}
	return true;
}

bool companions_compare(struct image *image, struct companions *companions, size_t *missing,
			struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct loop loop = {.image = image, .companions = companions};
	loop.at = arena ? arena_array(arena, companions->count + 1, sizeof(*loop.at)) : NULL;
	*missing = 0;
	if (!loop.at)
		return error_memory(err);
	for (size_t i = 0; i < companions->count; i++)
		if (!i || !same_subject(&companions->items[i], &companions->items[i - 1]))
			loop.at[loop.count++] = i; /* the first of each subject */
	if (!run(&loop, compare, err))
		return error_wrap(err, "destination");
	for (size_t i = 0; i < companions->count; i++)
		*missing += !companions->items[i].present;
	return true;
}

/* --- copying -------------------------------------------------------------------------------- */

bool companions_read(struct companion *companion, struct error *err)
{
	struct manifest *manifest = &companion->manifest;
	struct arena *arena = companion->arena;
	if (arena)
		return true;
	arena = companion->arena = arena_new();
	if (!arena)
		return error_memory(err);
	if (!fetch_source(companion->image, arena, companion->digest, manifest, err))
		return name_it(companion, err);
	if (companion->tag)
		return true;
	if (!manifest->subject || strcmp(manifest->subject, companion->subject) != 0) {
		log_warn("%s: %s is listed as a referrer of %s but %s%s: it is not copied",
			 companion->image->from->path, companion->digest, companion->subject,
			 manifest->subject ? "names another subject, " : "names no subject",
			 manifest->subject ? manifest->subject : "");
		companion->foreign = true;
		return true;
	}
	companion->descriptor = referrers_describe(arena, manifest, companion->digest);
	return companion->descriptor.len || error_memory(err);
}

static bool read_one(struct loop *loop, size_t number, struct error *err)
{
	return companions_read(&loop->companions->items[number], err);
}

static bool copy_one(struct loop *loop, size_t number, struct error *err)
{
	struct companion *companion = &loop->companions->items[number];
	bool listed = false;
	const char *reference = companion->tag ? companion->tag : companion->digest;
	if (!tree_copy_companion(companion->image, companion->digest, reference, &listed, err))
		return name_it(companion, err);
	loop->unlisted[number] = !companion->tag && !listed;
	return true;
}

static bool attach_one(struct loop *loop, size_t number, struct error *err)
{
	return attach_write(&loop->attachments[number], err);
}

static bool confirm_one(struct loop *loop, size_t number, struct error *err)
{
	return attach_confirm(&loop->attachments[number], err);
}

/*
 * Adds the manifests to the known ones, for tree_copy(). Only called between two loops. A tag may
 * name a manifest that is already known, even the image itself: that one outlives those read here.
 */
static bool remember(struct loop *loop, struct error *err)
{
	for (size_t i = 0; i < loop->companions->count; i++) {
		struct companion *companion = &loop->companions->items[i];
		struct map *known = &companion->image->known;
		struct str digest = str_of(companion->digest);
		if (companion->arena && !companion->foreign && !map_get(known, digest) &&
		    !map_put(known, digest, &companion->manifest))
			return error_memory(err);
	}
	return true;
}

/* Removes them before their memory is freed. Without memory for that, forgets all manifests. */
static bool forget(struct loop *loop, struct error *err)
{
	for (size_t i = 0; i < loop->companions->count; i++) {
		struct companion *companion = &loop->companions->items[i];
		struct map *known = &companion->image->known;
		struct str digest = str_of(companion->digest);
		if (map_get(known, digest) == &companion->manifest &&
		    !map_put(known, digest, NULL)) {
			map_finish(known);
			return error_memory(err);
		}
	}
	return true;
}

/*
 * Sorts the companions that the target does not list by itself into one attachment per subject, the
 * next steps of the loop.
 */
static bool plan_lists(struct loop *loop, struct arena *arena, struct error *err)
{
	const struct companions *all = loop->companions;
	const struct companion *before = NULL;
	loop->at = NULL;
	loop->count = 0;
	loop->attachments = arena_array(arena, all->count, sizeof(*loop->attachments));
	const char **digests = arena_array(arena, all->count, sizeof(*digests));
	struct str *descriptors = arena_array(arena, all->count, sizeof(*descriptors));
	if (!loop->attachments || !digests || !descriptors)
		return error_memory(err);
	for (size_t i = 0; i < all->count; i++) {
		if (!loop->unlisted[i])
			continue;
		if (!before || !same_subject(before, &all->items[i]))
			loop->attachments[loop->count++] =
				(struct attachment){.image = loop->image,
						    .subject = all->items[i].subject,
						    .digests = &digests[i],
						    .descriptors = &descriptors[i]};
		before = &all->items[i];
		struct attachment *last = &loop->attachments[loop->count - 1];
		last->digests[last->count] = all->items[i].digest;
		last->descriptors[last->count++] = all->items[i].descriptor;
	}
	return true;
}

/* Copies the companions of the loop, then writes the lists that name them. */
static bool copy_known(struct loop *loop, struct arena *arena, size_t *copied, struct error *err)
{
	size_t kept = 0;
	for (size_t i = 0; i < loop->count; i++)
		if (!loop->companions->items[loop->at[i]].foreign)
			loop->at[kept++] = loop->at[i];
	loop->count = kept;
	if (!run(loop, copy_one, err) || !plan_lists(loop, arena, err) ||
	    !run(loop, attach_one, err) || !run(loop, confirm_one, err))
		return false;
	*copied = kept;
	return true;
}

/* Reads and copies the companions of the loop. */
static bool copy_these(struct loop *loop, struct arena *arena, size_t *copied, struct error *err)
{
	struct error ignored;
	if (!run(loop, read_one, err))
		return false;
	bool ok = remember(loop, err) && copy_known(loop, arena, copied, err);
	return forget(loop, ok ? err : &ignored) && ok;
}

bool companions_copy(struct image *image, struct arena *arena, struct companions *companions,
		     size_t *copied, struct error *err)
{
	size_t total = companions->count;
	struct loop loop = {.image = image, .companions = companions};
	loop.at = arena_array(arena, total + 1, sizeof(*loop.at));
	loop.unlisted = arena_array(arena, total + 1, sizeof(*loop.unlisted));
	*copied = 0;
	if (!loop.at || !loop.unlisted)
		return error_memory(err);
	for (size_t i = 0; i < total; i++)
		if (!companions->items[i].present)
			loop.at[loop.count++] = i;
	return copy_these(&loop, arena, copied, err);
}

void companions_finish(struct companions *companions)
{
	for (size_t i = 0; i < companions->count; i++)
		arena_free(&companions->items[i].arena);
}
