/*
 * Tag patterns: regular expressions as Go reads them, in bounded time.
 *
 * A pattern is compiled once, lives in the arena it was compiled into and is never changed, so any
 * number of threads may match with it. Patterns are not anchored.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct pattern;

/* Compiles text, which stands between the slashes of a rule. ERROR_CONFIG: what is wrong, where. */
bool pattern_parse(struct arena *arena, struct str text, const struct pattern **out,
		   struct error *err);
/*
 * *matched tells whether the pattern is found in subject. ERROR_CONFIG when that would take too
 * long: nothing is said about the subject then.
 */
bool pattern_match(const struct pattern *pattern, struct str subject, bool *matched,
		   struct error *err);
/* The text as written, without slashes. */
const char *pattern_text(const struct pattern *pattern);
