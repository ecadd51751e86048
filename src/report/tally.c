/*
 * A run may have a hundred thousand images, so a record holds no text that the task has already:
 * about 200 bytes an image, digest included. An image that finds no memory for its record is still
 * counted; losing one in silence is what this program must not do.
 */
#include "report/tally.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *reason, const char *word)
{
	return reason && strcmp(reason, word) == 0;
}

static void count(struct tally *tally, const struct outcome *outcome)
{
	switch (outcome->status) {
	case OUTCOME_COPIED:
		tally->copied++;
		break;
	case OUTCOME_SKIPPED:
		tally->skipped++;
		if (is(outcome->reason, "in-sync"))
			tally->in_sync++;
		if (is(outcome->reason, "no-platform"))
			tally->no_platform++;
		break;
	case OUTCOME_WOULD_COPY:
		tally->would_copy++;
		if (is(outcome->reason, "missing"))
			tally->missing++;
		else if (is(outcome->reason, "differs"))
			tally->differs++;
		else if (is(outcome->reason, "companions"))
			tally->unaccompanied++;
		break;
	case OUTCOME_FAILED:
		tally->failed++;
		break;
	}
	tally->bytes += outcome->bytes;
	tally->companions += outcome->companions;
	if (tally->total < tally_done(tally))
		tally->total = tally_done(tally);
}

/* Replaces *text by a copy; false without memory. */
static bool keep(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_string(arena, *text);
	else
		return true;
	return *text != NULL;
}

void tally_add(struct tally *tally, struct arena *arena, const struct tally_image *image)
{
	size_t in_sync = tally->in_sync;
	count(tally, &image->outcome);
	if (tally->brief && tally->in_sync != in_sync)
		return;
	struct tally_image *kept = arena_new_of(arena, struct tally_image);
	if (!kept) {
		tally->unlisted++;
		return;
	}
	*kept = *image;
	kept->next = NULL;
	if (!keep(arena, &kept->outcome.digest) || !keep(arena, &kept->outcome.warning) ||
	    !keep(arena, &kept->outcome.tag) || !keep(arena, &kept->outcome.error_text)) {
		tally->unlisted++;
		return;
	}
	if (tally->last)
		tally->last->next = kept;
	else
		tally->first = kept;
	tally->last = kept;
	tally->listed++;
}

/* Cuts the last number off "images.yaml:3:1"; 0 when there is none. */
static int64_t cut_number(struct str *place)
{
	int64_t number = 0;
	size_t colon = place->len;
	while (colon > 0 && place->at[colon - 1] != ':')
		colon--;
	if (colon > 0 && str_to_int64(str_from(*place, colon), &number))
		*place = str_head(*place, colon - 1);
	return number;
}

static int compare_places(const char *a, const char *b)
{
	struct str left = str_of(a), right = str_of(b);
	int64_t left_column = cut_number(&left), right_column = cut_number(&right);
	int64_t left_line = cut_number(&left), right_line = cut_number(&right);
	if (left_line != right_line)
		return left_line < right_line ? -1 : 1;
	return (left_column > right_column) - (left_column < right_column);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/*
 * The tasks of one rule are one array in the order of its tags: where rule and repository are the
 * same, addresses tell the order.
 */
static int compare_images(const void *a, const void *b)
{
	const struct tally_image *left = *(struct tally_image *const *)a;
	const struct tally_image *right = *(struct tally_image *const *)b;
	uintptr_t left_at = (uintptr_t)left->task, right_at = (uintptr_t)right->task;
	int order = compare_places(tally_place(left), tally_place(right));
	if (!order && left->task && right->task) {
		const struct reference *l = &left->task->destination;
		const struct reference *r = &right->task->destination;
		order = compare_texts(l->host, r->host);
		if (!order)
			order = compare_texts(l->repository, r->repository);
	}
	return order ? order : (left_at > right_at) - (left_at < right_at);
}

void tally_sort(struct tally *tally, struct arena *arena)
{
	struct tally_image **images =
		arena_array(arena, tally->listed, sizeof(struct tally_image *));
	size_t known = 0;
	if (!images || !tally->listed)
		return;
	for (struct tally_image *image = tally->first; image; image = image->next)
		images[known++] = image;
	qsort(images, known, sizeof(struct tally_image *), compare_images);
	for (size_t i = 0; i + 1 < known; i++)
		images[i]->next = images[i + 1];
	images[known - 1]->next = NULL;
	tally->first = images[0];
	tally->last = images[known - 1];
}

size_t tally_done(const struct tally *tally)
{
	return tally->copied + tally->skipped + tally->would_copy + tally->failed;
}

size_t tally_left(const struct tally *tally)
{
	return tally->total - tally_done(tally);
}

bool tally_all_filtered(const struct tally *tally)
{
	return tally->total && tally->no_platform == tally->total;
}

bool tally_clean(const struct tally *tally)
{
	return tally->failed == 0 && tally_left(tally) == 0 && !tally_all_filtered(tally);
}

const char *tally_result(const struct tally *tally)
{
	if (tally->signal)
		return "cancelled";
	if (tally_clean(tally))
		return "success";
	bool nothing = tally_done(tally) == tally->failed || tally_all_filtered(tally);
	return nothing ? "failure" : "partial";
}

const char *tally_status(const struct tally_image *image)
{
	switch (image->outcome.status) {
	case OUTCOME_COPIED:
		return "copied";
	case OUTCOME_SKIPPED:
		return "skipped";
	case OUTCOME_WOULD_COPY:
		return "would-copy";
	case OUTCOME_FAILED:
		break;
	}
	return "failed";
}

const char *tally_place(const struct tally_image *image)
{
	return image->task ? image->task->place : image->rule->source_place;
}

void tally_source(const struct tally_image *image, struct buf *out)
{
	if (image->task)
		reference_print(&image->task->source, out);
	else
		buf_add_string(out, image->rule->source);
}

void tally_destination(const struct tally_image *image, struct buf *out)
{
	if (image->task)
		reference_print(&image->task->destination, out);
	else
		buf_add_string(out, image->rule->destination);
}

const char *tally_failure(const struct tally_image *image)
{
	const char *text = image->outcome.error_text;
	return text && *text ? text : error_kind_name(image->outcome.error_kind);
}
