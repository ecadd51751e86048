/*
 * A plan for people, as Markdown: what would be copied, what is refused, and what could not be
 * compared, for a pull request, a comment or the summary of a job.
 *
 * Names and messages come from others: nothing in them becomes markup, a link or a mention.
 */
#pragma once

#include "report/plan_sheet.h"

/* Room in a comment of GitHub, and of the summary of a job. */
enum { PLAN_MARKDOWN_COMMENT = 60 * 1024, PLAN_MARKDOWN_SUMMARY = 900 * 1024 };

/* Appends the text, which gets hardly longer than limit: rows that find no room are counted. */
void plan_markdown_write(const struct plan_sheet *sheet, size_t limit, struct buf *out);
