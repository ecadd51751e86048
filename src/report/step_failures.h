/*
 * The part of a job's summary about images that failed, grouped by what they have in common. Pure.
 */
#pragma once

#include "report/tally.h"

/* Appends the images that failed for a reason of their own; nothing when there are none. */
void step_failures_write(const struct tally *tally, struct buf *out);
