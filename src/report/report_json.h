/* The report for machines: JSON, whose members docs/report.md describes. */
#pragma once

#include "base/error.h"
#include "report/tally.h"

/* Takes the next piece of the document; false, with an error, ends the writing. */
typedef bool report_json_taker(void *ctx, struct str piece, struct error *err);

/*
 * Writes the document, with its final newline, in pieces for take(ctx, ...). Secrets are masked in
 * every text that is not our own. False without memory, or when take returned false; the pieces
 * taken so far are then not a complete document. A dry run adds "would_copy", so that the figures
 * still add up to the total, and an image that a platform filter judged has "platforms": how many
 * were "kept" of the "total".
 */
bool report_json_write(const struct tally *tally, report_json_taker *take, void *ctx,
		       struct error *err);
