/* The report for machines: the JSON of design.md section 7. */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

/*
 * Appends the document, final newline included. Secrets are masked in every text that is not our
 * own. Without memory buf_ok(out) says so. One field more than design.md has: a dry run tells
 * "would_copy", so that the figures still add up to total.
 */
void report_json_write(const struct tally *tally, struct buf *out);
