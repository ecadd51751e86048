/* What the headers of an answer say about request limits. Pure, any thread. */
#pragma once

#include "net/http.h"

/* True when a header says that nothing is left of a limit. */
bool rate_limit_used_up(const struct http_answer *answer);
/*
 * The seconds from now_unix until a limited request may succeed: from Retry-After, or from the time
 * at which an exhausted limit is renewed. -1: not stated.
 */
int rate_limit_wait(const struct http_answer *answer, int64_t now_unix);
