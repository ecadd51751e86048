/* The report for machines: the JSON of design.md section 7. */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

/*
 * Appends the document, final newline included. Secrets are masked in every text that is not our
 * own. Without memory buf_ok(out) says so. More than design.md has: a dry run tells "would_copy",
 * so that the figures still add up to total, and an image that a platform filter looked at has
 * "platforms": how many were "kept" of the "total".
 */
void report_json_write(const struct tally *tally, struct buf *out);
