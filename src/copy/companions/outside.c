/*
 * It shares no downloads and no answers with other images, since it is no source of theirs. Its
 * blobs count as those of the image's lane.
 */
#include "copy/companions/outside.h"

#include "store/store.h"

#include <string.h>

static bool same_place(const struct store *a, const struct store *b)
{
	return a->party == b->party && strcmp(a->path, b->path) == 0;
}

bool outside_open(struct image *image, struct error *err)
{
	const struct task *task = image->task;
	struct reference name;
	const struct store *from;
	if (!image->companions && !rule_terms(task->rule)->signer)
		return true;
	if (!task_referrers(image->arena, task, &name, err))
		return false;
	if (!name.host)
		return true;
	if (!store_at(&image->copier->options.stores, &name, NULL, image->arena, &from, err))
		return false;
	if (same_place(from, image->from))
		return true;
	struct image *view = arena_new_of(image->arena, struct image);
	if (!view)
		return error_memory(err);
	view->copier = image->copier;
	view->arena = image->arena;
	view->task = task;
	view->outcome = image->outcome;
	view->from = from;
	view->to = image->to;
	view->lane = image->lane;
	view->companions = image->companions;
	view->foreign = image->foreign;
	image->outside = view;
	return true;
}

void outside_update(struct image *image)
{
	struct image *view = image->outside;
	if (!view)
		return;
	view->pinned = image->pinned;
	view->wanted = image->wanted;
	view->target = image->target;
}

void outside_finish(struct image *image)
{
	struct image *view = image->outside;
	if (!view)
		return;
	image->bytes += view->bytes;
	image->copied += view->copied;
	image->mounted += view->mounted;
	image->present += view->present;
	image->skipped += view->skipped;
	map_finish(&view->known);
	image->outside = NULL;
}
