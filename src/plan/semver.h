/*
 * Versions as in Semantic Versioning 2.0.0.
 *
 * A version is MAJOR.MINOR.PATCH with an optional "v" in front, an optional -prerelease and +build
 * behind; 1.2 or 2024-01-01 is none. Pure; slices point into the text that was parsed.
 */
#pragma once

#include "base/scoped.h"
#include "base/str.h"

struct semver {
	int64_t number[3];     /* major, minor, patch */
	struct str prerelease; /* without the '-' */
	struct str build;      /* without the '+'; no part in precedence */
};

/* True when the whole text is a version. */
bool semver_parse(struct str text, struct semver *out);
/* Precedence (section 11): below 0, 0 or above 0 as a comes before, with or behind b. */
int semver_compare(const struct semver *a, const struct semver *b);
