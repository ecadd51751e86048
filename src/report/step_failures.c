/* What many images have in common is said once; which images these are is folded below it. */
#include "report/step_failures.h"

#include "report/causes.h"
#include "report/markdown.h"
#include "report/step_rows.h"

enum { REASON_MAX = 512 };

/* Of a rule that became no images only the text is known. */
static void add_side(const struct reference *name, const char *text, struct buf *out)
{
	buf_add_string(out, "| ");
	if (name)
		step_rows_name(name, out);
	else
		markdown_text(str_of(text), 0, out);
	buf_add_char(out, ' ');
}

static void add_image(const struct tally_image *image, bool with_reason, struct step_rows *rows)
{
	scoped(buf_finish) struct buf row = {0};
	const struct task *task = image->task;
	add_side(task ? &task->source : NULL, task ? NULL : image->rule->source, &row);
	add_side(task ? &task->destination : NULL, task ? NULL : image->rule->destination, &row);
	if (with_reason) {
		buf_printf(&row, "| **%s**: ", error_kind_name(image->outcome.error_kind));
		markdown_text(str_of(tally_failure(image)), REASON_MAX, &row);
		buf_add_char(&row, ' ');
	}
	buf_add_string(&row, "| ");
	markdown_text(str_of(tally_place(image)), 0, &row);
	buf_add_string(&row, " |\n");
	step_rows_add(rows, &row, 1);
}

/* Adds the images of a cause, or those that have none in common; returns how many these are. */
static size_t add_images(const struct tally *tally, const struct causes *causes,
			 const struct cause *cause, struct step_rows *rows)
{
	size_t count = 0;
	buf_add_string(rows->out,
		       cause ? "| Source | Destination | Rule |\n| :--- | :--- | :--- |\n"
			     : "| Source | Destination | Reason | Rule |\n"
			       "| :--- | :--- | :--- | :--- |\n");
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		const struct tally_image *image = &walk.image;
		if (image->outcome.status != OUTCOME_FAILED || image->unfinished ||
		    causes_of(causes, image) != cause)
			continue;
		add_image(image, !cause, rows);
		count++;
	}
	return count;
}

static void add_cause(const struct tally *tally, const struct causes *causes,
		      const struct cause *cause, struct buf *out)
{
	struct step_rows rows = {.out = out};
	buf_printf(out, "<details><summary><b>%zu images</b>: ", cause->count);
	markdown_text(str_of(cause->text), REASON_MAX, out);
	buf_add_string(out, "</summary>\n\n");
	add_images(tally, causes, cause, &rows);
	step_rows_end(&rows);
	buf_add_string(out, "</details>\n\n");
}

void step_failures_write(const struct tally *tally, struct buf *out)
{
	struct causes causes;
	struct step_rows rows = {.out = out};
	size_t grouped = 0, failed = tally_failed(tally);
	if (!failed)
		return;
	buf_add_string(out, "#### Failed\n\n");
	causes_collect(tally, &causes);
	for (size_t i = 0; i < causes.count; i++) {
		const struct cause *cause = &causes.items[i];
		grouped += cause->count;
		if (step_rows_full(out))
			rows.left += cause->count;
		else
			add_cause(tally, &causes, cause, out);
	}
	if (grouped < failed)
		rows.left += failed - grouped - add_images(tally, &causes, NULL, &rows);
	if (grouped < failed || rows.left)
		step_rows_end(&rows);
}
