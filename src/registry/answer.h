/* Turns an HTTP answer into an error, with the registry's own words. Private to registry/. */
#pragma once

#include "doc/node.h"
#include "net/http.h"

/*
 * Fills err from an answer with an unexpected status: kind by status and error code,
 * Retry-After, and the registry's own words (distribution-spec "Error Codes"). Always false.
 */
bool answer_error(const struct http_answer *answer, struct error *err);
/*
 * True when the answer means that a request limit is reached. 429 (RFC 6585) is not the only way to
 * say so: GitHub uses 403, Amazon 400, and storage 503.
 */
bool answer_limited(const struct http_answer *answer);
/* True when the answer's error list (distribution-spec "Error Codes") holds code. */
bool answer_has_code(const struct http_answer *answer, const char *code);
/*
 * Reads the JSON that a successful answer should hold; what names it, "a list of tags". Otherwise
 * ERROR_CORRUPT says what came instead; for a page, its title and where it may come from.
 */
bool answer_json(struct arena *arena, const struct http_answer *answer, const char *what,
		 const struct node **out, struct error *err);
/* False with ERROR_CORRUPT when a page came instead of what. */
bool answer_no_page(const struct http_answer *answer, const char *what, struct error *err);
