/*
 * Failures come first: they are why people look. A long table is folded. Rows are written as long
 * as there is room, and the rest is counted; the report has them all. Foreign text is escaped with
 * numeric entities: unlike backslashes they work for every character, also within a table cell and
 * within HTML.
 */
#include "report/step_summary.h"

#include "base/log.h"
#include "report/format.h"
#include "report/summary.h"

#include <string.h>

enum {
	REASON_MAX = 512,
	ROOM_BEHIND = 4096, /* room for the text below the rows */
	FOLDED_FROM = 16,
	PROBLEMS_MAX = 100,
	DIGEST_SHOWN = 12
};

/*
 * False where a link would begin: "https://" and "www." are the only texts let through that make
 * one.
 */
static bool plain(struct str text, size_t at)
{
	char c = text.at[at];
	struct str rest = str_from(text, at);
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	if (c == '.')
		return at < 3 || !str_equal_nocase(str_head(str_from(text, at - 3), 3), STR("www"));
	if (c == ':')
		return !str_starts(rest, "://");
	return word || (c & 0x80) || strchr(" -/,+=;'\"()", c);
}

static void add_text(struct str text, size_t limit, struct buf *out)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, limit, &clean);
	for (size_t i = 0; i < clean.len; i++) {
		if (plain(buf_str(&clean), i))
			buf_add_char(out, clean.at[i]);
		else
			buf_printf(out, "&#%d;", (unsigned char)clean.at[i]);
	}
	out->failed |= !buf_ok(&clean);
}

static void add_side(const struct tally_image *image, struct buf *out,
		     void (*print)(const struct tally_image *image, struct buf *out))
{
	scoped(buf_finish) struct buf text = {0};
	print(image, &text);
	add_text(buf_str(&text), 0, out);
	out->failed |= !buf_ok(&text);
}

/* --- head ---------------------------------------------------------------------------------- */

static void add_failed_heading(const struct tally *tally, struct buf *out)
{
	if (tally_all_filtered(tally))
		buf_add_string(out, "### \u274c No platform of any image passes the filters\n\n");
	else
		buf_printf(out, "### %s %zu of %zu images failed\n\n",
			   tally->failed == tally->total ? "\u274c" : "\u26a0\ufe0f", tally->failed,
			   tally->total);
}

static void add_heading(const struct tally *tally, struct buf *out)
{
	if (tally->stopped)
		buf_printf(out, "### \U0001f6d1 Stopped: %zu of %zu images had been processed\n\n",
			   tally_done(tally), tally->total);
	else if (!tally_clean(tally))
		add_failed_heading(tally, out);
	else if (tally->dry_run)
		buf_printf(out, "### \U0001f50d Dry run: %zu of %zu images would be copied\n\n",
			   tally->would_copy, tally->total);
	else
		buf_printf(out, "### \u2705 %s\n\n",
			   tally->total ? "All images are in sync" : "There was nothing to do");
	if (tally->dry_run)
		buf_add_string(out, "**Dry run:** both sides were compared, nothing was written."
				    "\n\n");
}

/* Writes the figures; rare ones have a column only when they are not 0. */
static void add_totals(const struct tally *tally, struct buf *out)
{
	char size[FORMAT_SIZE], duration[FORMAT_SIZE];
	format_bytes(tally->bytes, size);
	format_duration(tally->milliseconds, duration);
	const struct {
		const char *name;
		size_t figure;
		bool always;
	} columns[] = {
		{"Images", tally->total, true},
		{"Copied", tally->copied, !tally->dry_run},
		{"Would be copied", tally->would_copy, tally->dry_run},
		{"In sync", tally->in_sync, true},
		{"Skipped", tally->skipped - tally->in_sync, false},
		{"Failed", tally->failed, true},
		{"Not processed", tally_left(tally), false},
	};
	scoped(buf_finish) struct buf rule = {0};
	scoped(buf_finish) struct buf figures = {0};
	for (size_t i = 0; i < array_count(columns); i++) {
		if (!columns[i].always && !columns[i].figure)
			continue;
		buf_printf(out, "| %s ", columns[i].name);
		buf_add_string(&rule, "| ---: ");
		buf_printf(&figures, "| %zu ", columns[i].figure);
	}
	buf_printf(out, "| Sent | Time |\n%s| ---: | ---: |\n%s| %s | %s |\n\n", buf_string(&rule),
		   buf_string(&figures), size, duration);
	summary_left_out(tally, out);
	if (tally->blobs_skipped)
		buf_add_char(out, '\n');
	out->failed |= !buf_ok(&rule) || !buf_ok(&figures);
}

/* --- rows ---------------------------------------------------------------------------------- */

static void failed_row(const struct tally_image *image, struct buf *out)
{
	buf_add_string(out, "| ");
	add_side(image, out, tally_source);
	buf_add_string(out, " | ");
	add_side(image, out, tally_destination);
	buf_printf(out, " | **%s**: ", error_kind_name(image->outcome.error_kind));
	add_text(str_of(tally_failure(image)), REASON_MAX, out);
	buf_add_string(out, " |\n");
}

static const char *status_text(const struct outcome *outcome)
{
	switch (outcome->status) {
	case OUTCOME_COPIED:
		return "\u2705 copied";
	case OUTCOME_WOULD_COPY:
		return "\U0001f50d would copy";
	case OUTCOME_SKIPPED:
		return "\u2796";
	case OUTCOME_FAILED:
		break;
	}
	return "\u274c";
}

static void add_digest(const char *digest, struct buf *out)
{
	struct str text = str_of(digest);
	size_t colon = str_find(text, ':');
	if (!text.len)
		return;
	buf_add_string(out, "<code>");
	add_text(str_head(str_from(text, colon < text.len ? colon + 1 : 0), DIGEST_SHOWN), 0, out);
	buf_add_string(out, "</code>");
}

static void other_row(const struct tally_image *image, struct buf *out)
{
	const struct outcome *outcome = &image->outcome;
	char size[FORMAT_SIZE], duration[FORMAT_SIZE];
	format_bytes(outcome->bytes, size);
	format_duration(outcome->milliseconds, duration);
	buf_printf(out, "| %s", status_text(outcome));
	if (outcome->reason) {
		buf_add_char(out, ' ');
		add_text(str_of(outcome->reason), 0, out);
	}
	buf_add_string(out, " | ");
	add_side(image, out, tally_source);
	buf_add_string(out, " | ");
	add_side(image, out, tally_destination);
	buf_add_string(out, " | ");
	add_digest(outcome->digest, out);
	buf_printf(out, " | %s | %s |\n", outcome->bytes ? size : "", duration);
}

/* Adds the rows of the failed images, or of the others, as long as there is room. */
static void add_rows(const struct tally *tally, bool failed, struct buf *out)
{
	scoped(buf_finish) struct buf row = {0};
	size_t left = 0;
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		const struct tally_image *image = &walk.image;
		if ((image->outcome.status == OUTCOME_FAILED) != failed)
			continue;
		buf_reset(&row);
		if (!left)
			(failed ? failed_row : other_row)(image, &row);
		if (left || out->len + row.len > STEP_SUMMARY_MAX - ROOM_BEHIND)
			left++;
		else
			buf_add_str(out, buf_str(&row));
		out->failed |= !buf_ok(&row);
	}
	if (left)
		buf_printf(out, "\n%zu more: see the report for all of them.\n", left);
}

static void add_failures(const struct tally *tally, struct buf *out)
{
	if (!tally->failed)
		return;
	buf_add_string(out, "#### Failed\n\n| Source | Destination | Reason |\n"
			    "| --- | --- | --- |\n");
	add_rows(tally, true, out);
	buf_add_char(out, '\n');
}

static void add_others(const struct tally *tally, struct buf *out)
{
	size_t count = tally_done(tally) - tally->failed;
	bool folded = count >= FOLDED_FROM;
	if (!count)
		return;
	if (folded)
		buf_printf(out, "<details><summary>%zu %simages</summary>\n\n", count,
			   tally->failed ? "other " : "");
	buf_add_string(out, "| Status | Source | Destination | Digest | Sent | Time |\n"
			    "| --- | --- | --- | --- | ---: | ---: |\n");
	add_rows(tally, false, out);
	buf_add_string(out, folded ? "\n</details>\n\n" : "\n");
}

/* --- all of it ----------------------------------------------------------------------------- */

void step_summary_write(const struct tally *tally, const char *program, const char *report,
			struct buf *out)
{
	add_heading(tally, out);
	add_totals(tally, out);
	add_failures(tally, out);
	add_others(tally, out);
	buf_printf(out, "<sub>%s, %lld requests to sources and %lld to destinations", program,
		   (long long)tally->requests_source, (long long)tally->requests_target);
	if (report) {
		buf_add_string(out, ", report in ");
		add_text(str_of(report), REASON_MAX, out);
	}
	buf_add_string(out, "</sub>\n");
}

void step_summary_problems(struct str errors, struct buf *out)
{
	struct str line;
	size_t count = 0;
	buf_add_string(out, "### \u274c Not started: the configuration is wrong\n\n");
	while (str_cut(&errors, '\n', &line)) {
		if (!line.len || ++count > PROBLEMS_MAX)
			continue;
		buf_add_string(out, "- ");
		add_text(line, REASON_MAX, out);
		buf_add_char(out, '\n');
	}
	if (count > PROBLEMS_MAX)
		buf_printf(out, "- %zu more\n", count - PROBLEMS_MAX);
}
