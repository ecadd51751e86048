/* Times as images state them: RFC 3339, the form of image-spec's "created". */
#pragma once

#include "base/str.h"

/*
 * Reads "2024-05-06T07:08:09.123+02:00" to the second, as seconds since 1970 (negative before). A
 * leap second counts as the next second. False for anything else, including dates that do not
 * exist.
 */
bool timestamp_parse(struct str text, int64_t *out);
