/*
 * An image without memory for its record is still counted; this program must never lose one
 * silently.
 */
#include "report/tally.h"

#include "base/retry.h"

#include <string.h>

static bool is(const char *reason, const char *word)
{
	return reason && strcmp(reason, word) == 0;
}

bool tally_in_sync(const struct tally_image *image)
{
	const struct outcome *outcome = &image->outcome;
	return outcome->status == OUTCOME_SKIPPED && is(outcome->reason, "in-sync");
}

static void count_too_new(struct tally *tally, const struct outcome *outcome)
{
	tally->too_new++;
	if (outcome->ready && (!tally->first_ready || outcome->ready < tally->first_ready))
		tally->first_ready = outcome->ready;
}

static void count(struct tally *tally, const struct tally_image *image)
{
	const struct outcome *outcome = &image->outcome;
	switch (outcome->status) {
	case OUTCOME_COPIED:
		tally->copied++;
		break;
	case OUTCOME_SKIPPED:
		tally->skipped++;
		tally->in_sync += tally_in_sync(image);
		if (is(outcome->reason, "no-platform"))
			tally->no_platform++;
		if (is(outcome->reason, "held"))
			tally->held++;
		if (is(outcome->reason, "too-new"))
			count_too_new(tally, outcome);
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
		tally->unfinished += image->unfinished;
		break;
	}
	tally->bytes += outcome->bytes;
	tally->blobs_copied += outcome->blobs_copied;
	tally->blobs_mounted += outcome->blobs_mounted;
	tally->blobs_present += outcome->blobs_present;
	tally->blobs_skipped += outcome->blobs_skipped;
	tally->companions += outcome->companions;
	if (tally->total < tally_done(tally))
		tally->total = tally_done(tally);
}

void tally_add(struct tally *tally, struct arena *arena, const struct tally_image *image)
{
	size_t in_sync = tally->in_sync;
	count(tally, image);
	if (tally->brief && tally->in_sync != in_sync)
		return;
	if (!tally_list_add(&tally->list, arena, image))
		tally->unlisted++;
}

void tally_miss(struct tally *tally, const struct tally_image *image)
{
	count(tally, image);
	tally->unlisted++;
}

static bool keep_pruned(struct arena *arena, const struct pruned *pruned, struct pruned *out)
{
	const char **const texts[] = {&out->name.host, &out->name.repository, &out->name.tag,
				      &out->digest,    &out->place,           &out->reason,
				      &out->text};
	*out = *pruned;
	out->next = NULL;
	for (size_t i = 0; i < array_count(texts); i++)
		if (*texts[i] && !(*texts[i] = arena_string(arena, *texts[i])))
			return false;
	return true;
}

bool tally_add_pruned(struct tally *tally, struct arena *arena, const struct pruned *pruned)
{
	struct pruned *copy = arena_new_of(arena, struct pruned);
	tally->pruned[pruned->status]++;
	if (!copy || !keep_pruned(arena, pruned, copy))
		return false;
	if (!tally->prunes_end)
		tally->prunes_end = &tally->prunes;
	*tally->prunes_end = copy;
	tally->prunes_end = &copy->next;
	return true;
}

size_t tally_done(const struct tally *tally)
{
	return tally->copied + tally->skipped + tally->would_copy + tally->failed;
}

size_t tally_failed(const struct tally *tally)
{
	return tally->failed - tally->unfinished;
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
	return tally->failed == 0 && tally_left(tally) == 0 && !tally_all_filtered(tally) &&
	       !tally->pruned[PRUNED_FAILED];
}

const char *tally_result(const struct tally *tally)
{
	if (tally->stopped)
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
	return image->task ? image->task->rule->source_place : image->rule->source_place;
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

const char *tally_shared(const struct tally_image *image)
{
	const char *text = tally_failure(image);
	size_t len = strlen(text), shared = image->outcome.error_shared;
	return shared <= len ? text + len - shared : text + len;
}

struct str tally_own(const struct tally_image *image)
{
	const char *text = tally_failure(image);
	return (struct str){text, (size_t)(tally_shared(image) - text)};
}

void tally_short(const struct tally_image *image, struct buf *out)
{
	const char *shared = tally_shared(image);
	buf_add_str(out, tally_own(image));
	buf_add_string(out,
		       *shared && retry_helps(image->outcome.error_kind) ? TALLY_SHARED : shared);
}
