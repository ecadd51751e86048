/* The report for machines: JSON, whose members README.md describes. */
#pragma once

#include "base/error.h"
#include "report/tally.h"

/* Takes the next piece of the document; false, with an error, ends it. */
typedef bool report_json_taker(void *ctx, struct str piece, struct error *err);

/*
 * Writes the document, final newline included, in pieces that take(ctx, ...) gets one after the
 * other. Secrets are masked in every text that is not our own. False without memory, and when take
 * says so; then what was taken is no document. A dry run tells
 * "would_copy", so that the figures still add up to total, and an image that a platform filter
 * looked at has "platforms": how many were "kept" of the "total".
 */
bool report_json_write(const struct tally *tally, report_json_taker *take, void *ctx,
		       struct error *err);
