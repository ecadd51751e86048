/*
 * Ranges of versions, as npm writes them.
 *
 *   =1.2.3  !=1.2.3  >1.2.3  >=1.2.3  <1.2.3  <=1.2.3   comparisons; a plain version means =
 *   1.2.x  1.2  1  *    every version that begins so; may stand behind any operator
 *   ~1.2.3  ^1.2.3      at least that; same minor; same first number that is not 0
 *   1.2.3 - 2.3         from, to; 2.3 takes all of 2.3.x
 *
 * Blanks or a comma between two of them mean and, || means or. A prerelease is in a range only
 * where the range names a prerelease of the same three numbers: >=1.3.0-rc.1 takes 1.3.0-rc.2 and
 * not 1.4.0-rc.1. A "v" in front of a version is allowed. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "plan/semver.h"

struct semver_range;

/* Parses a range into arena, with slices of text. ERROR_CONFIG: what is wrong with it. */
bool semver_range_parse(struct arena *arena, struct str text, const struct semver_range **out,
			struct error *err);
/* prereleases: they are in a range whether it names one or not, by their precedence alone. */
bool semver_range_matches(const struct semver_range *range, const struct semver *version,
			  bool prereleases);
