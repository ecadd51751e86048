/*
 * What the headers of an answer say about a limit of requests. Pure, any thread.
 */
#pragma once

#include "net/http.h"

/* True when a header says that nothing is left of a limit. */
bool rate_limit_used_up(const struct http_answer *answer);
/*
 * The seconds from now_unix on after which an answer that meant a limit may be another one:
 * Retry-After, or the time at which a limit that is used up begins again. -1: they do not say.
 */
int rate_limit_wait(const struct http_answer *answer, int64_t now_unix);
