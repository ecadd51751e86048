/*
 * The answer to a request: a comment in Markdown, the labels of the issue, one word.
 *
 * All that somebody else has written stands in spans of code, in printable ASCII and without
 * backticks: it makes no link, no mention and no HTML. Pure.
 */
#pragma once

#include "request/request.h"

/* A comment on GitHub has at most 65536 characters. */
enum { ANSWER_MAX = 60000, ANSWER_IMAGES = 50 };

/* Appends the comment: what is where, what was refused and why, what was guessed. */
void answer_comment(const struct mirror_request *request, struct buf *out);
/* Appends those of mirrored, refused, failed and nothing-found that apply, with commas between. */
void answer_labels(const struct mirror_request *request, struct buf *out);
/* "success", "partial" or "failure": all, some or none of what was asked for is there. */
const char *answer_result(const struct mirror_request *request);
/* True when all that was asked for is there, or would be, and something was. */
bool answer_good(const struct mirror_request *request);
