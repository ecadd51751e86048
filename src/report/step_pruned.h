/*
 * The part of a job's summary about pruning: how many tags were removed or left, and folded, which
 * and why. It is open when something failed, and nothing when the run has no --prune. Pure.
 */
#pragma once

#include "report/tally.h"

void step_pruned_write(const struct tally *tally, struct buf *out);
