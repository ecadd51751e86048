/*
 * The lists of copied and of failed images: --output-success-images and --output-failed-images.
 *
 * Both have the form of an images file, so that another run can take them: source -> list of
 * destinations, sources sorted, destinations in the order of the tally. A rule that became no
 * images is listed as it was written, its selection included. Where a rule filters platforms,
 * requires some or has another policy than overwrite, the value is a mapping {to, platforms, ...}.
 */
#pragma once

#include "report/tally.h"

/*
 * Appends the list of all images of this status, "{}" if there are none. Names are not masked, as
 * a list with holes could not be used again; buf_ok(out) tells whether there was memory.
 */
void image_lists_write(const struct tally *tally, enum outcome_status status, bool json,
		       struct buf *out);
