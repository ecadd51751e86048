/*
 * The Retry-After header (RFC 9110, 10.2.3).
 */
#pragma once

#include "base/str.h"

/*
 * The seconds to wait from now_unix on: from a number of seconds or an IMF-fixdate ("Sun, 06 Nov
 * 1994 08:49:37 GMT"). -1 for anything else, for dates in the past and for more than an int holds.
 */
int retry_after_parse(struct str value, int64_t now_unix);
