/*
 * What a reviewer has to decide about comes first: failures, then what is written. What is in sync
 * is a number.
 */
#include "report/plan_markdown.h"

#include "report/format.h"
#include "report/markdown.h"

#include <string.h>

enum { MESSAGE_MAX = 300, DIGEST_SHOWN = 12, ROOM_BEHIND = 2048, FOLDED_FROM = 16 };

static void add_size(int64_t bytes, struct buf *out)
{
	char size[FORMAT_SIZE];
	format_bytes(bytes, size);
	buf_add_string(out, size);
}

/* The first digits of a digest; what there is not is a word. */
static void add_digest(const char *digest, const char *nothing, struct buf *out)
{
	if (!digest) {
		buf_add_string(out, nothing);
		return;
	}
	struct str text = str_of(digest);
	text = str_head(str_from(text, str_find(text, ':') + 1), DIGEST_SHOWN);
	buf_printf(out, "<code>%.*s</code>", STR_ARGS(text));
}

/* --- rows ----------------------------------------------------------------------------------- */

static void add_names(const struct plan_row *row, struct buf *out)
{
	buf_add_string(out, "| ");
	markdown_text(str_of(row->source), 0, out);
	buf_add_string(out, " | ");
	markdown_text(str_of(row->destination), 0, out);
	if (row->tag) {
		buf_add_string(out, ", as ");
		markdown_text(str_of(row->tag), 0, out);
	}
	buf_add_string(out, " | ");
}

static const char *reason_text(const struct plan_row *row)
{
	static const struct {
		const char *word, *text;
	} texts[] = {{"missing", "new"},
		     {"differs", "updated"},
		     {"companions", "signatures and other referrers"},
		     {"no-platform", "no platform fits"},
		     {"too-new", "too new"}};
	if (row->action == PLANNED_SKIPPED && strcmp(row->reason, "differs") == 0)
		return "holds another image";
	for (size_t i = 0; i < array_count(texts); i++)
		if (strcmp(row->reason, texts[i].word) == 0)
			return texts[i].text;
	return row->reason;
}

static void copy_row(const struct plan_row *row, struct buf *out)
{
	add_names(row, out);
	markdown_text(str_of(reason_text(row)), 0, out);
	buf_add_string(out, " | ");
	add_digest(row->before, "nothing", out);
	buf_add_string(out, " | ");
	add_digest(row->after, "", out);
	buf_add_string(out, " | ");
	add_size(row->bytes, out);
	buf_add_string(out, " |\n");
}

static void skipped_row(const struct plan_row *row, struct buf *out)
{
	add_names(row, out);
	markdown_text(str_of(reason_text(row)), 0, out);
	buf_add_string(out, " |\n");
}

static void failed_row(const struct plan_row *row, struct buf *out)
{
	add_names(row, out);
	buf_add_string(out, "**");
	markdown_text(str_of(row->reason), 0, out);
	buf_add_string(out, "**: ");
	markdown_text(str_of(row->message), MESSAGE_MAX, out);
	buf_add_string(out, " |\n");
}

static const struct plan_table {
	enum planned_action action;
	const char *title, *head;
	void (*add)(const struct plan_row *row, struct buf *out);
} tables[] = {
	{PLANNED_FAILED, "could not be compared",
	 "| Source | Destination | Why |\n| --- | --- | --- |\n", failed_row},
	{PLANNED_REFUSED, "refused", "| Source | Destination | Why |\n| --- | --- | --- |\n",
	 failed_row},
	{PLANNED_COPY, "to copy",
	 "| Source | Destination | Why | Before | After | At most |\n"
	 "| --- | --- | --- | --- | --- | ---: |\n",
	 copy_row},
	{PLANNED_SKIPPED, "skipped", "| Source | Destination | Why |\n| --- | --- | --- |\n",
	 skipped_row},
};

static void add_rows(const struct plan_sheet *sheet, const struct plan_table *table, size_t limit,
		     struct buf *out)
{
	scoped(buf_finish) struct buf row = {0};
	size_t left = 0;
	for (size_t i = 0; i < sheet->count; i++) {
		if (sheet->rows[i].action != table->action)
			continue;
		buf_reset(&row);
		if (!left)
			table->add(&sheet->rows[i], &row);
		if (left || out->len + row.len + ROOM_BEHIND > limit)
			left++;
		else
			buf_add_str(out, buf_str(&row));
		out->failed |= !buf_ok(&row);
	}
	if (left)
		buf_printf(out, "\n%zu more: the plan has them all.\n", left);
}

static void add_table(const struct plan_sheet *sheet, const struct plan_table *table, size_t limit,
		      struct buf *out)
{
	size_t count = sheet->totals[table->action];
	bool folded = count >= FOLDED_FROM;
	if (!count)
		return;
	if (folded)
		buf_printf(out, "<details><summary><b>%zu images %s</b></summary>\n\n", count,
			   table->title);
	else
		buf_printf(out, "#### %zu image%s %s\n\n", count, count == 1 ? "" : "s",
			   table->title);
	buf_add_string(out, table->head);
	add_rows(sheet, table, limit, out);
	buf_add_string(out, folded ? "\n</details>\n\n" : "\n");
}

/* --- all of it ------------------------------------------------------------------------------ */

static void add_heading(const struct plan_sheet *sheet, struct buf *out)
{
	size_t failed = sheet->totals[PLANNED_FAILED] + sheet->totals[PLANNED_REFUSED];
	buf_printf(out, "### %s Plan: ", failed ? "\u274c" : "\U0001f50d");
	if (plan_sheet_changes(sheet)) {
		buf_printf(out, "%zu of %zu image%s to copy, at most ", sheet->totals[PLANNED_COPY],
			   sheet->count, sheet->count == 1 ? "" : "s");
		add_size(sheet->bytes, out);
	} else {
		buf_add_string(out, "nothing to copy");
	}
	if (failed)
		buf_printf(out, ", %zu failed", failed);
	buf_add_string(out, "\n\n| Images | To copy | In sync | Skipped | Refused | Failed |\n"
			    "| ---: | ---: | ---: | ---: | ---: | ---: |\n");
	buf_printf(out, "| %zu | %zu | %zu | %zu | %zu | %zu |\n\n", sheet->count,
		   sheet->totals[PLANNED_COPY], sheet->totals[PLANNED_NONE],
		   sheet->totals[PLANNED_SKIPPED], sheet->totals[PLANNED_REFUSED],
		   sheet->totals[PLANNED_FAILED]);
}

static void add_unpinned(const struct plan_sheet *sheet, struct buf *out)
{
	if (sheet->referrers)
		buf_add_string(out,
			       "Signatures and other referrers are not pinned: an apply copies "
			       "those that there are by then.\n\n");
	if (sheet->signatures)
		buf_add_string(out, "Required signatures are checked again when the plan is "
				    "applied, with the key in the same file.\n\n");
}

void plan_markdown_write(const struct plan_sheet *sheet, size_t limit, struct buf *out)
{
	add_heading(sheet, out);
	for (size_t i = 0; i < array_count(tables); i++)
		add_table(sheet, &tables[i], limit, out);
	add_unpinned(sheet, out);
	if (sheet->group_count)
		buf_printf(out, "For %u job%s, as apply --shard I/%u.\n\n", sheet->group_count,
			   sheet->group_count == 1 ? "" : "s", sheet->group_count);
	buf_printf(out,
		   "<sub>%s. Sizes are those of layers and configurations that the plan sends "
		   "to a registry for the first time; what that has already is not sent.</sub>\n",
		   sheet->program);
}
