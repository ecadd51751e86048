/* What comes below a table always fits: rows end before the room does. */
#include "report/step_rows.h"

#include "report/markdown.h"
#include "report/package_page.h"

enum { ROOM_BELOW = 16 * 1024 };

void step_rows_add(struct step_rows *rows, const struct buf *row, size_t images)
{
	if (rows->left || rows->out->len + row->len > STEP_SUMMARY_MAX - ROOM_BELOW)
		rows->left += images;
	else
		buf_add_str(rows->out, buf_str(row));
	rows->out->failed |= !buf_ok(row);
}

bool step_rows_full(const struct buf *out)
{
	return out->len > STEP_SUMMARY_MAX - 2 * ROOM_BELOW;
}

void step_rows_end(const struct step_rows *rows)
{
	if (rows->left)
		buf_printf(rows->out, "\n%zu more %s%s not listed here.\n", rows->left,
			   rows->noun ? rows->noun : "image", rows->left == 1 ? " is" : "s are");
	buf_add_char(rows->out, '\n');
}

void step_rows_name(const struct reference *name, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf escaped = {0};
	scoped(buf_finish) struct buf page = {0};
	reference_print(name, &text);
	markdown_text(buf_str(&text), 0, &escaped);
	package_page(name, &page);
	markdown_link(buf_str(&escaped), buf_str(&page), out);
	out->failed |= !buf_ok(&text) || !buf_ok(&escaped) || !buf_ok(&page);
}
