/*
 * The lists of copied and of failed images: --output-success-images and --output-failed-images.
 *
 * Both have the form of an images file, so that another run can read them: source -> list of
 * destinations, sources sorted, destinations in the order of the tally. A rule that could not be
 * expanded is listed as written, with its selection. Where a rule filters platforms, requires some
 * or has another policy than overwrite, the value is a mapping {to, platforms, ...}.
 */
#pragma once

#include "report/tally.h"

/*
 * Appends the list of all images with this status, "{}" if there are none. Names are not masked, as
 * a masked list could not be used again; buf_ok(out) is false if memory ran out.
 */
void image_lists_write(const struct tally *tally, enum outcome_status status, bool json,
		       struct buf *out);
