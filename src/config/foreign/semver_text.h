/*
 * Ranges of versions of other programs. In theirs a version that lacks numbers has zeros instead:
 * "<=1.2" is "<=1.2.0", where here it takes all of 1.2. So the zeros are written out. Pure.
 */
#pragma once

#include "base/buf.h"

/* Appends the range with three numbers in each version. False: it has a version of more. */
bool semver_text_add(struct str range, struct buf *out);
