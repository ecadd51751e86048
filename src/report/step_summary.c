/*
 * The heading says it all in one line. Failures come next: they are why people look. Then what
 * changed; what is in sync is folded. Rows are written as long as there is room, and the rest is
 * counted; the report has them all.
 */
#include "report/step_summary.h"

#include "base/cancel.h"
#include "report/format.h"
#include "report/markdown.h"
#include "report/step_failures.h"
#include "report/step_pruned.h"
#include "report/step_tables.h"
#include "report/summary.h"

#include <string.h>

enum { REASON_MAX = 512, PROBLEMS_MAX = 100 };

/* --- head ---------------------------------------------------------------------------------- */

static const char *mark(const struct tally *tally)
{
	if (tally->stopped)
		return "\U0001f6d1";
	if (tally_clean(tally))
		return tally->dry_run ? "\U0001f50d" : "\u2705";
	return strcmp(tally_result(tally), "failure") == 0 ? "\u274c" : "\u26a0\ufe0f";
}

/* Adds the figures that are not 0. */
static void add_counts(const struct tally *tally, const struct step_images *images, struct buf *out)
{
	const struct {
		size_t figure;
		const char *words;
	} counts[] = {
		{tally_failed(tally), "failed"},
		{images->of[STEP_NEW], "new"},
		{images->of[STEP_UPDATED], "updated"},
		{images->of[STEP_REFERRERS], "with new referrers"},
		{images->of[STEP_FORCED], "pushed again"},
		{images->others, "copied"},
		{tally->skipped - tally->in_sync, "skipped"},
		{tally->in_sync, "in sync"},
		{tally_left(tally) + tally->unfinished, "not finished"},
	};
	const char *before = "";
	for (size_t i = 0; i < array_count(counts); i++) {
		if (!counts[i].figure)
			continue;
		buf_printf(out, "%s%zu %s", before, counts[i].figure, counts[i].words);
		before = ", ";
	}
	if (!tally->total)
		buf_add_string(out, "nothing to do");
}

static void add_heading(const struct tally *tally, const struct step_images *images,
			struct buf *out)
{
	buf_printf(out, "### %s image-syncer", mark(tally));
	if (tally->shard)
		buf_printf(out, ", shard %s", tally->shard);
	if (tally->batch)
		buf_printf(out, ", batch %s", tally->batch);
	buf_add_string(out, tally->dry_run ? ", dry run: " : ": ");
	if (tally->stopped)
		buf_printf(out, "stopped by %s, ", cancel_name(tally->stopped));
	add_counts(tally, images, out);
	buf_add_string(out, "\n\n");
}

/* Adds what the figures of the heading do not say. */
static void add_remarks(const struct tally *tally, struct buf *out)
{
	char size[FORMAT_SIZE], duration[FORMAT_SIZE];
	format_bytes(tally->bytes, size);
	if (tally->milliseconds < 1000)
		format_duration(tally->milliseconds, duration);
	else
		format_elapsed(tally->milliseconds, duration);
	if (tally->dry_run)
		buf_add_string(out, "Both sides were compared, nothing was written. ");
	buf_printf(out, "%zu image%s in %s", tally->total, tally->total == 1 ? "" : "s", duration);
	if (tally->bytes)
		buf_printf(out, ", %s sent", size);
	if (tally->retried)
		buf_printf(out, "; %zu failed at first and %s tried again", tally->retried,
			   tally->retried == 1 ? "was" : "were");
	buf_add_string(out, ".\n\n");
	if (tally_all_filtered(tally))
		buf_add_string(out, "No platform of any image passes the filters: check the inputs "
				    "`platform`, `os` and `arch`, and the `platforms` of the "
				    "rules.\n\n");
	summary_left_out(tally, out);
	summary_too_new(tally, out);
	if (tally->blobs_skipped || tally->too_new)
		buf_add_char(out, '\n');
}

/* --- all of it ----------------------------------------------------------------------------- */

/* Adds where the rest is. The report's path would not help: the file goes with the runner. */
static void add_foot(const struct tally *tally, const char *program, const char *report,
		     struct buf *out)
{
	buf_printf(out, "<sub>%s, %lld requests to sources and %lld to destinations.", program,
		   (long long)tally->requests_source, (long long)tally->requests_target);
	if (report && strcmp(report, "-") != 0)
		buf_add_string(out,
			       " The report has every image with its digest; to keep it, upload "
			       "`${{ steps.ID.outputs.report }}` with actions/upload-artifact, "
			       "where `ID` is the `id` of this step.");
	buf_add_string(out, "</sub>\n");
}

void step_summary_write(const struct tally *tally, const char *program, const char *report,
			struct buf *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct step_images images;
	if (!arena || !step_images_collect(arena, tally, &images)) {
		out->failed = true;
		return;
	}
	add_heading(tally, &images, out);
	add_remarks(tally, out);
	step_failures_write(tally, out);
	step_tables_changes(&images, tally->dry_run, out);
	step_pruned_write(tally, out);
	step_tables_skipped(&images, out);
	step_tables_in_sync(&images, out);
	add_foot(tally, program, report, out);
}

void step_summary_problems(struct str errors, struct buf *out)
{
	struct str line;
	size_t count = 0;
	buf_add_string(out, "### \u274c image-syncer: not started, the configuration is wrong\n\n");
	while (str_cut(&errors, '\n', &line)) {
		if (!line.len || ++count > PROBLEMS_MAX)
			continue;
		buf_add_string(out, "- ");
		markdown_text(line, REASON_MAX, out);
		buf_add_char(out, '\n');
	}
	if (count > PROBLEMS_MAX)
		buf_printf(out, "- %zu more\n", count - PROBLEMS_MAX);
}
