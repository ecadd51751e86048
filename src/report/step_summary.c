/*
 * Failures come first: they are why people look. A long table is folded. Rows are written as long
 * as there is room, and the rest is counted; the report has them all. Foreign text is escaped with
 * numeric entities: unlike backslashes they work for every character, also within a table cell and
 * within HTML.
 */
#include "report/step_summary.h"

#include "base/log.h"
#include "report/causes.h"
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
		buf_add_string(
			out,
			"### \u274c image-syncer: no platform of any image passes the filters\n\n");
	else
		buf_printf(out, "### %s image-syncer: %zu of %zu image%s failed\n\n",
			   tally->failed == tally->total ? "\u274c" : "\u26a0\ufe0f", tally->failed,
			   tally->total, tally->total == 1 ? "" : "s");
}

static void add_heading(const struct tally *tally, struct buf *out)
{
	if (tally->stopped)
		buf_printf(out,
			   "### \U0001f6d1 image-syncer: stopped, %zu of %zu images were "
			   "processed\n\n",
			   tally_done(tally) - tally->unfinished, tally->total);
	else if (!tally_clean(tally))
		add_failed_heading(tally, out);
	else if (tally->dry_run)
		buf_printf(out,
			   "### \U0001f50d image-syncer: dry run, %zu of %zu images would be "
			   "copied\n\n",
			   tally->would_copy, tally->total);
	else
		buf_printf(out, "### \u2705 image-syncer: %s\n\n",
			   tally->total ? "all images are in sync" : "there was nothing to do");
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
		{"Failed", tally_failed(tally), true},
		{"Not finished", tally_left(tally) + tally->unfinished, false},
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
	summary_too_new(tally, out);
	if (tally->blobs_skipped || tally->too_new)
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

/* Whether an image was there before; other reasons are written as they are. */
static const char *reason_text(const char *reason)
{
	static const struct {
		const char *word, *text;
	} reasons[] = {{"missing", "new"},           {"differs", "updated"},
		       {"companions", "signatures"}, {"in-sync", "in sync"},
		       {"too-new", "too new"},       {"no-platform", "no platform fits"}};
	for (size_t i = 0; i < array_count(reasons); i++)
		if (strcmp(reason, reasons[i].word) == 0)
			return reasons[i].text;
	return reason;
}

static const char *mark(const struct outcome *outcome)
{
	if (outcome->status == OUTCOME_COPIED)
		return "\u2705 ";
	return outcome->status == OUTCOME_WOULD_COPY ? "\U0001f50d would copy: " : "\u2796 ";
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
	buf_printf(out, "| %s", mark(outcome));
	add_text(str_of(outcome->reason ? reason_text(outcome->reason) : tally_status(image)), 0,
		 out);
	buf_add_string(out, " | ");
	add_side(image, out, tally_source);
	buf_add_string(out, " | ");
	add_side(image, out, tally_destination);
	buf_add_string(out, " | ");
	add_digest(outcome->digest, out);
	buf_printf(out, " | %s | %s |\n", outcome->bytes ? size : "", duration);
}

/* The rows of one table. */
struct table {
	void (*add)(const struct tally_image *image, struct buf *out);
	const struct causes *causes;
	const struct cause *cause; /* of all its images; NULL: they have none in common */
	bool failed;
};

static bool belongs(const struct table *table, const struct tally_image *image)
{
	return (image->outcome.status == OUTCOME_FAILED) == table->failed && !image->unfinished &&
	       causes_of(table->causes, image) == table->cause;
}

/* Adds the rows of a table, as long as there is room. */
static void add_rows(const struct tally *tally, const struct table *table, struct buf *out)
{
	scoped(buf_finish) struct buf row = {0};
	size_t left = 0;
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		if (!belongs(table, &walk.image))
			continue;
		buf_reset(&row);
		if (!left)
			table->add(&walk.image, &row);
		if (left || out->len + row.len > STEP_SUMMARY_MAX - ROOM_BEHIND)
			left++;
		else
			buf_add_str(out, buf_str(&row));
		out->failed |= !buf_ok(&row);
	}
	if (left)
		buf_printf(out, "\n%zu more: see the report for all of them.\n", left);
}

static void name_row(const struct tally_image *image, struct buf *out)
{
	buf_add_string(out, "| ");
	add_side(image, out, tally_source);
	buf_add_string(out, " | ");
	add_side(image, out, tally_destination);
	buf_add_string(out, " |\n");
}

/* Adds what several images have in common, and folded, which they are. */
static void add_cause(const struct tally *tally, const struct causes *causes,
		      const struct cause *cause, struct buf *out)
{
	const struct table table = {name_row, causes, cause, true};
	if (out->len > STEP_SUMMARY_MAX - 2 * ROOM_BEHIND)
		return;
	buf_printf(out, "<details><summary><b>%zu images</b>: ", cause->count);
	add_text(str_of(cause->text), REASON_MAX, out);
	buf_add_string(out, "</summary>\n\n| Source | Destination |\n| --- | --- |\n");
	add_rows(tally, &table, out);
	buf_add_string(out, "\n</details>\n\n");
}

static void add_failures(const struct tally *tally, struct buf *out)
{
	struct causes causes;
	size_t grouped = 0;
	if (!tally_failed(tally))
		return;
	buf_add_string(out, "#### Failed\n\n");
	causes_collect(tally, &causes);
	for (size_t i = 0; i < causes.count; i++) {
		add_cause(tally, &causes, &causes.items[i], out);
		grouped += causes.items[i].count;
	}
	if (grouped == tally_failed(tally))
		return;
	const struct table table = {failed_row, &causes, NULL, true};
	buf_add_string(out, "| Source | Destination | Reason |\n| --- | --- | --- |\n");
	add_rows(tally, &table, out);
	buf_add_char(out, '\n');
}

static void add_others(const struct tally *tally, struct buf *out)
{
	size_t count = tally_done(tally) - tally->failed;
	bool folded = count >= FOLDED_FROM;
	static const struct causes none;
	const struct table table = {other_row, &none, NULL, false};
	if (!count)
		return;
	if (folded)
		buf_printf(out, "<details><summary>%zu %simages</summary>\n\n", count,
			   tally->failed ? "other " : "");
	else
		buf_printf(out, "#### %s\n\n", tally->failed ? "Other images" : "Images");
	buf_add_string(out, "| Status | Source | Destination | Digest | Sent | Time |\n"
			    "| --- | --- | --- | --- | ---: | ---: |\n");
	add_rows(tally, &table, out);
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
	buf_add_string(out, "### \u274c image-syncer: not started, the configuration is wrong\n\n");
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
