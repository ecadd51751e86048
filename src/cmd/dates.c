/*
 * Images are asked for in the order in which they were pushed, newest first, some at a time. As
 * soon as enough are found to be younger than the next one can be, the rest does not matter.
 */
#include "cmd/dates.h"

#include "base/cancel.h"
#include "cmd/run.h"
#include "copy/judge/created.h"
#include "registry/known.h"

#include <stdlib.h>

/* So many are asked for at a time, at least. */
enum { STEP = 16 };

/* An image whose date is in question. */
struct candidate {
	size_t index;   /* in the question */
	int64_t pushed; /* it is no younger; INT64_MAX: not known */
	struct error err;
	bool known;
};

struct dates {
	struct run *run;
	const struct dating *dating;
	struct candidate *all; /* the last pushed first */
	size_t done;           /* the first so many have been asked for */
};

static int compare_pushed(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = (a->pushed < b->pushed) - (a->pushed > b->pushed);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_dates(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;
	return (*a < *b) - (*a > *b);
}

static int64_t pushed_at(const struct run *run, const struct reference *image)
{
	struct repository repository;
	struct error ignored;
	int64_t pushed = 0;
	if (image->tag && registry_open(run->registry, image, false, &repository, &ignored))
		pushed = known_pushed(&repository, image->tag);
	return pushed ? pushed : INT64_MAX;
}

static void find_one(void *ctx, size_t index)
{
	const struct dates *dates = ctx;
	struct candidate *candidate = &dates->all[dates->done + index];
	const struct dating *dating = dates->dating;
	if (cancel_requested())
		error_canceled(&candidate->err);
	else
		candidate->known =
			created_of(&dates->run->stores, &dating->images[candidate->index], NULL,
				   &dating->when[candidate->index], &candidate->err);
}

/* Asks for the next count. */
static bool find_some(struct dates *dates, size_t count, struct error *err)
{
	pool_each(dates->run->session->pool, count, find_one, dates);
	for (size_t i = 0; i < count; i++) {
		const struct candidate *candidate = &dates->all[dates->done + i];
		if (candidate->known)
			continue;
		*err = candidate->err;
		return false;
	}
	dates->done += count;
	return true;
}

/* The oldest date that matters, by those that are known; 0: all do. */
static bool oldest_wanted(const struct dates *dates, struct arena *arena, int64_t *out,
			  struct error *err)
{
	const struct dating *dating = dates->dating;
	size_t newest = dating->newest > 0 ? (size_t)dating->newest : SIZE_MAX;
	*out = dating->since;
	if (dates->done < newest)
		return true;
	int64_t *found = arena_array(arena, dates->done, sizeof(*found));
	if (!found)
		return error_memory(err);
	for (size_t i = 0; i < dates->done; i++)
		found[i] = dating->when[dates->all[i].index];
	qsort(found, dates->done, sizeof(*found), compare_dates);
	if (found[newest - 1] > *out)
		*out = found[newest - 1];
	return true;
}

/* Gives those that do not matter the time when they were pushed, which is before all that do. */
static void skip_rest(const struct dates *dates)
{
	for (size_t i = dates->done; i < dates->dating->count; i++)
		dates->dating->when[dates->all[i].index] = dates->all[i].pushed;
}

/* The number of images to ask for next: those that may be young enough, or some of them. */
static size_t next_count(const struct dates *dates, int64_t oldest)
{
	const struct dating *dating = dates->dating;
	size_t most = dating->newest > STEP ? (size_t)dating->newest : STEP;
	size_t count = 0;
	while (dates->done + count < dating->count &&
	       dates->all[dates->done + count].pushed >= oldest &&
	       (!dating->newest || count < most ||
		dates->all[dates->done + count].pushed == INT64_MAX))
		count++;
	return count;
}

bool dates_find(void *ctx, const struct dating *dating, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dates dates = {.run = ctx, .dating = dating};
	dates.all = arena ? arena_array(arena, dating->count, sizeof(*dates.all)) : NULL;
	if (!dates.all)
		return error_memory(err);
	for (size_t i = 0; i < dating->count; i++)
		dates.all[i] = (struct candidate){
			.index = i, .pushed = pushed_at(dates.run, &dating->images[i])};
	qsort(dates.all, dating->count, sizeof(*dates.all), compare_pushed);
	for (;;) {
		int64_t oldest;
		if (!oldest_wanted(&dates, arena, &oldest, err))
			return false;
		size_t count = next_count(&dates, oldest);
		if (!count)
			break;
		if (!find_some(&dates, count, err))
			return false;
	}
	skip_rest(&dates);
	return true;
}
