/*
 * The Retry-After header (RFC 9110, 10.2.3).
 */
#pragma once

#include "base/str.h"

/*
 * The seconds to wait from now_unix on, rounded up: from a number of seconds, a duration as Go
 * prints it ("1m2.5s"), or an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"). -1 for anything else,
 * for dates in the past and for more than an int holds.
 */
int retry_after_parse(struct str value, int64_t now_unix);
/*
 * The time by the clock of the server that answered with this Date header, seconds since 1970; ours
 * when it has none. A date in Retry-After refers to the server's clock, and either clock may be
 * wrong.
 */
int64_t retry_after_clock(struct str date, int64_t now_unix);
