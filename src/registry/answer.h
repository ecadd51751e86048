/* From an HTTP answer to an error: which kind, and what the registry said. Private to registry/. */
#pragma once

#include "base/error.h"
#include "net/http.h"

/*
 * Fills err from an answer whose status nobody expected: kind by status and error code,
 * Retry-After, and the registry's own words (distribution-spec "Error Codes"). Always false.
 */
bool answer_error(const struct http_answer *answer, struct error *err);
/* True when the answer's error list (distribution-spec "Error Codes") holds code. */
bool answer_has_code(const struct http_answer *answer, const char *code);
