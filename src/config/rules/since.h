/*
 * Points in time as a rule gives them: 2026-01-01 (that day's beginning in UTC), RFC 3339 as in
 * 2026-01-01T12:00:00Z or ...+01:00, or an age: 12h, 30d, 2w.
 */
#pragma once

#include "base/str.h"

/* *out: seconds since 1970. Ages count back from now. False: text is none of the three. */
bool since_parse(struct str text, int64_t now, int64_t *out);
