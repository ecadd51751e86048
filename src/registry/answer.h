/* From an HTTP answer to an error: which kind, and what the registry said. Private to registry/. */
#pragma once

#include "doc/node.h"
#include "net/http.h"

/*
 * Fills err from an answer whose status nobody expected: kind by status and error code,
 * Retry-After, and the registry's own words (distribution-spec "Error Codes"). Always false.
 */
bool answer_error(const struct http_answer *answer, struct error *err);
/*
 * True when the answer means that a limit of requests is reached, in whatever shape: 429 (RFC 6585)
 * is one of them, GitHub says it with 403, Amazon with 400, storage with 503.
 */
bool answer_limited(const struct http_answer *answer);
/* True when the answer's error list (distribution-spec "Error Codes") holds code. */
bool answer_has_code(const struct http_answer *answer, const char *code);
/*
 * Reads the JSON that a successful answer should hold; what names it, "a list of tags". When
 * something else came ERROR_CORRUPT says what: of a page its title, and why it may have come.
 */
bool answer_json(struct arena *arena, const struct http_answer *answer, const char *what,
		 const struct node **out, struct error *err);
/* False with ERROR_CORRUPT when a page came in the place of what. */
bool answer_no_page(const struct http_answer *answer, const char *what, struct error *err);
