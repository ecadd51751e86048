/*
 * Writes a plan for apply; docs/schema/plan.json has the shape, config/rules/plan_file.h reads it.
 * The same sheet gives the same text: it has no times, and of secrets only what names show.
 */
#pragma once

#include "report/plan_sheet.h"

/* Appends the document. */
void plan_json_write(const struct plan_sheet *sheet, struct buf *out);
