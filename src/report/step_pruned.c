/* What needs a look comes first, so that it is not what a long list leaves out. */
#include "report/step_pruned.h"

#include "report/markdown.h"
#include "report/step_rows.h"
#include "report/summary.h"

enum { REASON_MAX = 512 };

static const char *const words[PRUNED_STATUSES] = {
	[PRUNED_REMOVED] = "removed",
	[PRUNED_WOULD_REMOVE] = "would be removed",
	[PRUNED_LEFT] = "left",
	[PRUNED_FAILED] = "**failed**",
};

static void add_row(const struct pruned *pruned, struct step_rows *rows)
{
	scoped(buf_finish) struct buf row = {0};
	buf_printf(&row, "| %s | ", words[pruned->status]);
	step_rows_name(&pruned->name, &row);
	buf_add_string(&row, " | ");
	markdown_text(str_of(pruned->text), REASON_MAX, &row);
	buf_add_string(&row, " |\n");
	step_rows_add(rows, &row, 1);
}

/* Adds the records with that status. Those without memory for a record have no row. */
static void add_rows(const struct tally *tally, enum pruned_status status, struct step_rows *rows)
{
	size_t missing = tally->pruned[status];
	for (const struct pruned *each = tally->prunes; each; each = each->next) {
		if (each->status != status)
			continue;
		add_row(each, rows);
		missing--;
	}
	rows->left += missing;
}

void step_pruned_write(const struct tally *tally, struct buf *out)
{
	static const enum pruned_status order[] = {PRUNED_FAILED, PRUNED_LEFT, PRUNED_REMOVED,
						   PRUNED_WOULD_REMOVE};
	struct step_rows rows = {.out = out, .noun = "tag"};
	size_t count = 0;
	for (size_t i = 0; i < PRUNED_STATUSES; i++)
		count += tally->pruned[i];
	if (!tally->prune)
		return;
	if (count)
		buf_printf(out, "<details%s><summary>",
			   tally->pruned[PRUNED_FAILED] ? " open" : "");
	summary_pruned_counts(tally, out);
	buf_add_string(out,
		       count ? "</summary>\n\n| | Tag | Why |\n| :--- | :--- | :--- |\n" : ".\n\n");
	if (!count)
		return;
	for (size_t i = 0; i < array_count(order); i++)
		add_rows(tally, order[i], &rows);
	step_rows_end(&rows);
	buf_add_string(out, "</details>\n\n");
}
