/*
 * The steps of one image: compare both sides, decide, copy, verify. Both HEADs are sent at once;
 * with equal digests that is all. The source's digest is then pinned: whatever happens to its tag
 * later, the copy is the one image that the tag named when the run looked.
 *
 * If the source then lacks something that it named itself, because its tag was pushed again or a
 * cache is old, the tag is looked up again and the image starts over.
 */
#include "copy/image.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "copy/companions/accompany.h"
#include "copy/companions/outside.h"
#include "copy/companions/signed.h"
#include "copy/judge/compare.h"
#include "copy/judge/cooldown.h"
#include "copy/judge/drift.h"
#include "copy/judge/hinted.h"
#include "copy/judge/pinned.h"
#include "copy/judge/remember.h"
#include "copy/judge/require.h"
#include "copy/judge/restart.h"
#include "copy/judge/size.h"
#include "copy/judge/verify.h"
#include "copy/judge/weigh.h"
#include "copy/judge/whole.h"
#include "store/store.h"

#include <string.h>

/* After a copy that took this long the source's tag is looked up once more. */
enum { LONG_COPY_MS = 10000 };

/* The target holds the image, but it may have been signed since it was copied. */
static bool keep(struct image *image, struct error *err)
{
	struct outcome *outcome = image->outcome;
	if (!accompany_late(image, err) || !verify_image(image, err))
		return false;
	remember_met(image);
	bool late = outcome->companions > 0;
	outcome->reason = late ? "companions" : "in-sync";
	outcome->status = !late                            ? OUTCOME_SKIPPED
			  : image->copier->options.dry_run ? OUTCOME_WOULD_COPY
							   : OUTCOME_COPIED;
	return true;
}

/* True when the source's tag now names another image than when the copy began. */
static bool has_moved(const struct image *image)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct reference *source = &image->task->source;
	struct manifest_status status;
	struct error ignored;
	return arena && !source->digest && !cancel_requested() &&
	       store_head(image->from, arena, reference_target(source), &status, &ignored) &&
	       status.found && strcmp(status.digest, image->pinned) != 0;
}

/* The image was written, or would have been. */
static void succeed(struct image *image, enum outcome_status status)
{
	image->outcome->status = status;
	image->outcome->after = strcmp(image->wanted, image->pinned) != 0 ? image->wanted : NULL;
}

static bool copy(struct image *image, struct error *err)
{
	int64_t begun = clock_ms();
	if (!accompany_copy(image, err) || !verify_image(image, err))
		return false;
	succeed(image, OUTCOME_COPIED);
	image->outcome->source_moved = clock_ms() - begun >= LONG_COPY_MS && has_moved(image);
	return true;
}

/* Pushes the image, unless a demand of its rule forbids that or this is a dry run. */
static bool push(struct image *image, struct error *err)
{
	if (!require_platforms(image, err) || !size_check(image, err) ||
	    !signed_check(image, err) || !whole_check(image, err))
		return false;
	if (!image->copier->options.dry_run)
		return copy(image, err);
	succeed(image, OUTCOME_WOULD_COPY);
	return accompany_count(image, err) &&
	       (!image->copier->options.survey || weigh_image(image, err));
}

static bool do_it(struct image *image, struct error *err)
{
	switch (image->todo) {
	case IMAGE_LEAVE:
		break;
	case IMAGE_KEEP:
		return keep(image, err);
	case IMAGE_PUSH:
		return push(image, err);
	}
	return true;
}

/* Adds what both sides hold to the survey, if there is one. */
static bool note_sides(const struct image *image, struct error *err)
{
	struct survey *survey = image->copier->options.survey;
	return !survey || survey_sides(survey, image->task, image->target.held, image->wanted) ||
	       error_memory(err);
}

/* Fills all of the outcome but the counts. */
static bool bring(struct image *image, struct error *err)
{
	bool settled = false, wait;
	*image->outcome = (struct outcome){0};
	if (!pinned_settle(image, &settled, err))
		return false;
	if (settled)
		return true;
	if (!compare_sides(image, err)) /* what both hold; pins the source */
		return false;
	remember_source(image);
	if (!compare_filter(image, err) ||         /* what the target is to hold */
	    !note_sides(image, err) ||             /* for a plan */
	    !cooldown_decide(image, &wait, err) || /* whether it is too new */
	    (!wait && !drift_decide(image, err)))  /* leave, keep or push, under which tag */
		return false;
	if (do_it(image, err))
		return true;
	/* Another client has written the tag in the meantime. */
	return drift_noticed(image) && drift_decide(image, err) && do_it(image, err);
}

/* Opens both stores and joins the group. With one blob at a time images cannot share downloads. */
static bool open_both(struct image *image, struct error *err)
{
	struct copier *copier = image->copier;
	const struct task *task = image->task;
	const struct stores *stores = &copier->options.stores;
	if (!store_at(stores, &task->source, NULL, image->arena, &image->from, err) ||
	    !store_at(stores, &task->destination, &rule_terms(task->rule)->creation, image->arena,
		      &image->to, err) ||
	    !outside_open(image, err))
		return false;
	if (image->shared && copier->options.blobs_in_flight > 1)
		fanout_arrive(copier->fanout, sources_group(image->shared), image, task);
	return true;
}

static void failed(struct image *image, const struct error *err)
{
	struct outcome *outcome = image->outcome;
	const char *text = arena_string(image->arena, err->text);
	outcome->status = OUTCOME_FAILED;
	outcome->reason = error_kind_name(err->kind);
	outcome->error_kind = err->kind;
	outcome->error_shared = err->shared;
	outcome->retry_after = err->retry_after;
	outcome->error_text = text ? text : "out of memory";
}

static void count(struct image *image)
{
	struct outcome *outcome = image->outcome;
	outcome->bytes = atomic_load(&image->bytes);
	outcome->blobs_copied = atomic_load(&image->copied);
	outcome->blobs_mounted = atomic_load(&image->mounted);
	outcome->blobs_present = atomic_load(&image->present);
	outcome->blobs_skipped = atomic_load(&image->skipped);
}

static const struct platform_filter *filter_of(const struct task *task)
{
	const struct platform_filter *filter = rule_terms(task->rule)->platforms;
	return filter && !platform_filter_empty(filter) ? filter : NULL;
}

/* Where a plan leaves an image as it is, nothing is added to it that has come since. */
static const struct companion_filter *companions_of(const struct task *task)
{
	const struct planned *planned = task->rule->planned;
	const struct companion_filter *filter = rule_terms(task->rule)->companions;
	if (planned && planned->action == PLANNED_NONE)
		return NULL;
	return filter && !companion_filter_empty(filter) ? filter : NULL;
}

static void begin(struct image *image)
{
	struct copier *copier = image->copier;
	const struct task *task = image->task;
	image->filter = filter_of(task);
	image->companions = companions_of(task);
	image->foreign = rule_terms(task->rule)->foreign;
	image->shared = sources_enter(copier->sources, task);
	image->lane = slots_find(copier->slots, task->source.host, task->destination.host);
	*image->outcome = (struct outcome){0};
	if (image->filter)
		hits_add(copier->hits, image->filter);
}

static void finish(struct image *image)
{
	struct copier *copier = image->copier;
	if (image->filter && !image->judged)
		hits_mark_all(copier->hits, image->filter);
	fanout_depart(copier->fanout, image);
	sources_leave(copier->sources, image->shared);
	if (atomic_load(&image->sized))
		progress_sized(copier->options.progress, -1);
	slots_done(copier->slots, image->lane);
	map_finish(&image->known);
}

void image_run(struct copier *copier, struct arena *arena, const struct task *task,
	       struct outcome *outcome)
{
	struct error err = {0};
	struct image image = {.copier = copier, .arena = arena, .task = task, .outcome = outcome};
	int64_t start = clock_ms();
	begin(&image);
	bool ok = open_both(&image, &err) && bring(&image, &err);
	for (int times = 0; !ok && restart_helps(&image, times, &err); times++)
		ok = bring(&image, &err);
	if (ok)
		hinted_record(&image);
	else
		failed(&image, &err);
	outside_finish(&image);
	count(&image);
	outcome->milliseconds = clock_ms() - start;
	finish(&image);
}
