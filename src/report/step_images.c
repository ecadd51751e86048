/* An image is kept as a reference to its record, since there may be a hundred thousand. */
#include "report/step_images.h"

#include "report/tag_order.h"

#include <stdlib.h>
#include <string.h>

static enum step_kind changed_kind(const struct outcome *outcome)
{
	const char *reason = outcome->reason ? outcome->reason : "";
	/* Under a tag of its own it replaced nothing. */
	if (strcmp(reason, "differs") == 0 && !outcome->tag)
		return STEP_UPDATED;
	if (strcmp(reason, "companions") == 0)
		return STEP_REFERRERS;
	return strcmp(reason, "forced") == 0 ? STEP_FORCED : STEP_NEW;
}

static const struct {
	const char *reason;
	enum step_kind kind;
} skipped[] = {{"in-sync", STEP_IN_SYNC},
	       {"no-platform", STEP_NO_PLATFORM},
	       {"too-new", STEP_TOO_NEW},
	       {"held", STEP_HELD}};

static enum step_kind kind_of(const struct outcome *outcome)
{
	const char *reason = outcome->reason ? outcome->reason : "";
	if (outcome->status != OUTCOME_SKIPPED)
		return changed_kind(outcome);
	for (size_t i = 0; i < array_count(skipped); i++)
		if (strcmp(reason, skipped[i].reason) == 0)
			return skipped[i].kind;
	return STEP_KEPT;
}

static int compare_names(const struct reference *a, const struct reference *b)
{
	int order = strcmp(a->host, b->host);
	return order ? order : strcmp(a->repository, b->repository);
}

/* By kind and repositories. */
static int compare_groups(const struct step_image *a, const struct step_image *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	int order = compare_names(&a->task->destination, &b->task->destination);
	return order ? order : compare_names(&a->task->source, &b->task->source);
}

static int compare(const void *left, const void *right)
{
	const struct step_image *a = left, *b = right;
	int order = compare_groups(a, b);
	order = order ? order : tag_order(a->tag, b->tag);
	return order ? order : (a->task > b->task) - (a->task < b->task);
}

bool step_images_collect(struct arena *arena, const struct tally *tally, struct step_images *out)
{
	struct step_image *items = arena_array(arena, tally->list.count + 1, sizeof(*items));
	*out = (struct step_images){.items = items};
	if (!items)
		return false;
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		const struct task *task = walk.image.task;
		const struct outcome *outcome = &walk.image.outcome;
		if (!task || outcome->status == OUTCOME_FAILED)
			continue;
		const char *tag =
			outcome->tag ? outcome->tag : reference_target(&task->destination);
		struct step_image image = {kind_of(outcome), task, str_of(tag), walk.record};
		items[out->count++] = image;
		out->of[image.kind]++;
	}
	qsort(items, out->count, sizeof(*items), compare);
	out->others = tally->copied + tally->would_copy - step_images_changes(out);
	out->of[STEP_IN_SYNC] = tally->in_sync;
	return true;
}

size_t step_images_group(const struct step_images *images, size_t at)
{
	size_t end = at + 1;
	while (end < images->count && compare_groups(&images->items[at], &images->items[end]) == 0)
		end++;
	return end;
}

size_t step_images_changes(const struct step_images *images)
{
	size_t changes = images->others;
	for (int kind = 0; kind < STEP_CHANGES; kind++)
		changes += images->of[kind];
	return changes;
}
