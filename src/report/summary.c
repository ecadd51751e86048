/*
 * Failures come late and totals last: after five hundred failed images the totals are still on the
 * screen. A reason is cut to 512 bytes, like all remote text; the JSON report has all of it.
 */
#include "report/summary.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "report/causes.h"
#include "report/format.h"

#include <string.h>

enum { REASON_MAX = 512 };

static void add_copied(const struct outcome *outcome, struct buf *out)
{
	char size[FORMAT_SIZE], duration[FORMAT_SIZE];
	format_bytes(outcome->bytes, size);
	format_duration(outcome->milliseconds, duration);
	buf_printf(out, "copied %s in %s", size, duration);
}

static void describe_copied(const struct outcome *outcome, struct buf *out)
{
	add_copied(outcome, out);
	if (outcome->digest)
		buf_printf(out, ", %s", outcome->digest);
	buf_printf(out, ", blobs: %u sent, %u mounted, %u already there", outcome->blobs_copied,
		   outcome->blobs_mounted, outcome->blobs_present);
}

/* Adds the layers that may not be distributed. */
static void add_left_out(const struct outcome *outcome, struct buf *out)
{
	if (outcome->blobs_skipped)
		buf_printf(out, ", %u foreign layer%s left out", outcome->blobs_skipped,
			   outcome->blobs_skipped == 1 ? "" : "s");
}

/* The texts of outcome.reason: a short one for the terminal, and a sentence for the log. */
static const struct {
	const char *word, *brief, *sentence;
} reasons[] = {
	{"in-sync", "in sync", "destination image exists"},
	{"no-platform", "no platform fits", "no manifest fits platform filters"},
	{"too-new", "too new", "it is too new"},
	{"held", "held", "its rule holds it back"},
	{"missing", "missing", "the destination does not have it"},
	{"differs", "differs", "the destination has another image there"},
	{"companions", "signatures are missing",
	 "it is in sync, but signatures or other referrers are missing"},
	{"forced", "forced", "it is in sync, but --force pushes it again"},
};

static const char *reason_text(const struct outcome *outcome, bool brief)
{
	for (size_t i = 0; outcome->reason && i < array_count(reasons); i++)
		if (strcmp(outcome->reason, reasons[i].word) == 0)
			return brief ? reasons[i].brief : reasons[i].sentence;
	return outcome->reason ? outcome->reason : "";
}

/* Adds when an image that is too new will be old enough. */
static void add_ready(const struct outcome *outcome, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE];
	if (!outcome->ready)
		return;
	clock_rfc3339(outcome->ready, when);
	buf_printf(out, ", ready at %s", when);
}

static void describe_skipped(const struct outcome *outcome, struct buf *out)
{
	const char *reason = reason_text(outcome, false);
	buf_add_string(out, "skip synchronization");
	if (*reason)
		buf_printf(out, " because %s", reason);
}

/* Adds how many platforms of an index a filter kept. */
static void add_platforms(const struct outcome *outcome, struct buf *out)
{
	if (outcome->platforms_kept < outcome->platforms)
		buf_printf(out, ", filtered, %zu of %zu platforms", outcome->platforms_kept,
			   outcome->platforms);
}

/* Adds the tag, when on-change: retag chose another one. */
static void add_tag(const struct outcome *outcome, struct buf *out)
{
	if (outcome->tag)
		buf_printf(out, ", under the tag %s", outcome->tag);
}

/* Adds the companions that were copied, or would be. */
static void add_companions(const struct outcome *outcome, struct buf *out)
{
	if (outcome->companions)
		buf_printf(out, ", %zu referrer%s", outcome->companions,
			   outcome->companions == 1 ? "" : "s");
}

void summary_outcome(const struct tally_image *image, struct buf *out)
{
	const struct outcome *outcome = &image->outcome;
	switch (outcome->status) {
	case OUTCOME_COPIED:
		describe_copied(outcome, out);
		add_left_out(outcome, out);
		add_companions(outcome, out);
		add_platforms(outcome, out);
		if (outcome->source_moved)
			buf_add_string(out, "; the source's tag has moved in the meantime");
		add_tag(outcome, out);
		break;
	case OUTCOME_SKIPPED:
		describe_skipped(outcome, out);
		add_ready(outcome, out);
		add_tag(outcome, out);
		break;
	case OUTCOME_WOULD_COPY:
		buf_add_string(out, reason_text(outcome, false));
		add_companions(outcome, out);
		add_platforms(outcome, out);
		add_tag(outcome, out);
		break;
	case OUTCOME_FAILED:
		tally_short(image, out);
		break;
	}
}

void summary_brief(const struct tally_image *image, struct buf *out)
{
	const struct outcome *outcome = &image->outcome;
	switch (outcome->status) {
	case OUTCOME_COPIED:
		add_copied(outcome, out);
		add_left_out(outcome, out);
		add_companions(outcome, out);
		add_platforms(outcome, out);
		add_tag(outcome, out);
		break;
	case OUTCOME_SKIPPED:
		buf_add_string(out, reason_text(outcome, true));
		add_ready(outcome, out);
		add_tag(outcome, out);
		break;
	case OUTCOME_WOULD_COPY:
		buf_printf(out, "would copy: %s", reason_text(outcome, true));
		add_companions(outcome, out);
		add_platforms(outcome, out);
		add_tag(outcome, out);
		break;
	case OUTCOME_FAILED:
		tally_short(image, out);
		break;
	}
}

/* Adds the names of an image, and the place of its rule. */
static void add_names(const struct tally_image *image, const char *reason, struct buf *out)
{
	scoped(buf_finish) struct buf name = {0};
	tally_source(image, &name);
	buf_add_string(&name, " -> ");
	tally_destination(image, &name);
	log_clean(buf_ok(&name) ? buf_str(&name) : STR("(out of memory)"), 0, out);
	if (reason) {
		buf_add_string(out, ": ");
		log_clean(str_of(reason), REASON_MAX, out);
	}
	if (tally_place(image)) {
		buf_add_string(out, " (");
		log_clean(str_of(tally_place(image)), 0, out);
		buf_add_char(out, ')');
	}
	buf_add_char(out, '\n');
}

/* Adds a cause, and the first of its images. */
static void add_cause(const struct tally *tally, const struct causes *causes,
		      const struct cause *cause, struct buf *out)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	buf_add_string(out, "  x ");
	causes_print(cause, REASON_MAX, out);
	buf_add_char(out, '\n');
	for (size_t named = 0; named < CAUSES_NAMED && tally_list_next(&walk);) {
		if (causes_of(causes, &walk.image) != cause)
			continue;
		buf_add_string(out, "      ");
		add_names(&walk.image, NULL, out);
		named++;
	}
	if (cause->count > CAUSES_NAMED)
		buf_printf(out, "      and %zu more\n", cause->count - CAUSES_NAMED);
}

void summary_failures(const struct tally *tally, struct buf *out)
{
	struct causes causes;
	if (!tally_failed(tally))
		return;
	buf_add_string(out, "failed images:\n");
	causes_collect(tally, &causes);
	for (size_t i = 0; i < causes.count; i++)
		add_cause(tally, &causes, &causes.items[i], out);
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		const struct tally_image *image = &walk.image;
		if (image->outcome.status != OUTCOME_FAILED || image->unfinished ||
		    causes_of(&causes, image))
			continue;
		buf_add_string(out, "  x ");
		add_names(image, tally_failure(image), out);
	}
	if (tally->unlisted)
		buf_printf(out, "  (out of memory: %zu images are counted but not listed)\n",
			   tally->unlisted);
}

/* "3 would be copied (2 missing, 1 different)" */
static void add_would_copy(const struct tally *tally, struct buf *out)
{
	size_t forced = tally->would_copy - tally->missing - tally->differs - tally->unaccompanied;
	const char *before = " (";
	buf_printf(out, "%zu would be copied", tally->would_copy);
	if (tally->missing)
		buf_printf(out, "%s%zu missing", before, tally->missing);
	before = tally->missing ? ", " : before;
	if (tally->differs)
		buf_printf(out, "%s%zu different", before, tally->differs);
	before = tally->differs ? ", " : before;
	if (tally->unaccompanied)
		buf_printf(out, "%s%zu without all signatures", before, tally->unaccompanied);
	before = tally->unaccompanied ? ", " : before;
	if (forced)
		buf_printf(out, "%s%zu forced", before, forced);
	buf_add_string(out, tally->would_copy ? ")" : "");
}

void summary_counts(const struct tally *tally, struct buf *out)
{
	buf_add_string(out, tally->dry_run ? "dry run, nothing was written: " : "");
	if (tally->shard)
		buf_printf(out, "shard %s: ", tally->shard);
	if (tally->batch)
		buf_printf(out, "batch %s: ", tally->batch);
	buf_printf(out, "%zu image%s: ", tally->total, tally->total == 1 ? "" : "s");
	if (tally->dry_run)
		add_would_copy(tally, out);
	else
		buf_printf(out, "%zu copied", tally->copied);
	buf_printf(out, ", %zu in sync", tally->in_sync);
	if (tally->skipped > tally->in_sync)
		buf_printf(out, ", %zu skipped", tally->skipped - tally->in_sync);
	buf_printf(out, ", %zu failed", tally_failed(tally));
	if (tally_left(tally) + tally->unfinished)
		buf_printf(out, ", %zu not finished", tally_left(tally) + tally->unfinished);
	buf_add_char(out, '\n');
}

void summary_left_out(const struct tally *tally, struct buf *out)
{
	if (tally->blobs_skipped)
		buf_printf(
			out,
			"%zu foreign layer%s left out: %s may not be distributed (--foreign copy "
			"includes %s)\n",
			tally->blobs_skipped, tally->blobs_skipped == 1 ? " was" : "s were",
			tally->blobs_skipped == 1 ? "it" : "they",
			tally->blobs_skipped == 1 ? "it" : "them");
}

void summary_too_new(const struct tally *tally, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE];
	bool one = tally->too_new == 1;
	if (!tally->too_new)
		return;
	if (!tally->first_ready) {
		buf_printf(out, "%zu image%s too new when the plan was made\n", tally->too_new,
			   one ? " was" : "s were");
		return;
	}
	clock_rfc3339(tally->first_ready, when);
	buf_printf(out, "%zu image%s too new, %s at %s", tally->too_new, one ? " is" : "s are",
		   one ? "ready" : "the first ready", when);
	if (tally->new_state)
		buf_add_string(out, "; the state is new, so every image that is not dated by its "
				    "registry is: to copy some today, use --release TAG");
	buf_add_char(out, '\n');
}

void summary_pruned_counts(const struct tally *tally, struct buf *out)
{
	size_t removed = tally->pruned[tally->dry_run ? PRUNED_WOULD_REMOVE : PRUNED_REMOVED];
	size_t left = tally->pruned[PRUNED_LEFT], failed = tally->pruned[PRUNED_FAILED];
	buf_printf(out, "%zu tag%s %s", removed, removed == 1 ? "" : "s",
		   tally->dry_run ? "would be removed" : "removed");
	if (left)
		buf_printf(out, ", %zu left", left);
	if (failed)
		buf_printf(out, ", %zu failed", failed);
}

void summary_pruned(const struct tally *tally, struct buf *out)
{
	if (!tally->prune)
		return;
	buf_add_string(out, "prune: ");
	summary_pruned_counts(tally, out);
	buf_add_char(out, '\n');
}

static void add_transfer(const struct tally *tally, struct buf *out)
{
	char size[FORMAT_SIZE], rate[FORMAT_SIZE];
	format_bytes(tally->bytes, size);
	format_rate(format_average(tally->bytes, tally->milliseconds), rate);
	if (tally->companions)
		buf_printf(out, "%zu referrer%s %s; ", tally->companions,
			   tally->companions == 1 ? "" : "s",
			   tally->dry_run ? "would be copied" : "copied");
	if (tally->bytes)
		buf_printf(out, "%s sent, %s; ", size, rate);
	else if (!tally->dry_run)
		buf_add_string(out, "nothing sent; ");
	buf_printf(out, "%lld request%s to sources, %lld to destinations",
		   (long long)tally->requests_source, tally->requests_source == 1 ? "" : "s",
		   (long long)tally->requests_target);
}

void summary_last_line(const struct tally *tally, struct buf *out)
{
	char duration[FORMAT_SIZE];
	format_duration(tally->milliseconds, duration);
	buf_printf(out, "%s finished, %zu %s failed, took %s.",
		   tally->dry_run ? "Dry run" : "Synchronization", tally_failed(tally),
		   tally_failed(tally) == 1 ? "image" : "images", duration);
}

/* A terminal has no use for a line that says again what failed; programs look for that line. */
static void add_end(const struct tally *tally, const struct changes_view *view, struct buf *out)
{
	char duration[FORMAT_SIZE];
	format_duration(tally->milliseconds, duration);
	if (view->columns) {
		buf_printf(out, "; took %s\n", duration);
		return;
	}
	buf_add_char(out, '\n');
	summary_last_line(tally, out);
	buf_add_char(out, '\n');
}

static void write_totals(const struct tally *tally, const struct changes_view *view,
			 struct buf *out)
{
	if (tally->stopped)
		buf_printf(out, "stopped by %s\n", cancel_name(tally->stopped));
	summary_counts(tally, out);
	if (tally_all_filtered(tally))
		buf_add_string(
			out,
			"the platform filters leave nothing of any image: check --os, --arch and "
			"the platforms of the rules\n");
	summary_left_out(tally, out);
	summary_too_new(tally, out);
	summary_pruned(tally, out);
	add_transfer(tally, out);
	add_end(tally, view, out);
}

void summary_write(const struct tally *tally, const struct changes_view *view, struct buf *out)
{
	changes_write(tally, view, out);
	if (!view->told)
		summary_failures(tally, out);
	write_totals(tally, view, out);
}
