/*
 * The spellings of a text: what a server makes of it that quotes, escapes or encodes it. Pure.
 *
 * Each character may stand as it is or be written as an entity of HTML or XML (&amp; &#38;
 * &#x0026;), as an escape of JSON, JavaScript, Go or C (\u0026 \u{26} \x26 \046 \"), or
 * percent-encoded (%26, %u0026; a blank as +), in any case of digits and each character in another
 * way. The escapes may be escaped themselves, SPELLING_LEVELS deep in all.
 */
#pragma once

#include "base/str.h"

enum { SPELLING_LEVELS = 3 };

enum spelling {
	SPELLING_NONE,
	SPELLING_WHOLE, /* text begins with a spelling of plain */
	SPELLING_CUT,   /* text is the beginning of such a spelling */
};

/*
 * How text begins compared with plain, which is not empty; with SPELLING_WHOLE *len is how much of
 * text it is.
 */
enum spelling spelling_compare(struct str plain, struct str text, size_t *len);
/* How many bytes text begins with that stand for nothing but themselves, up to most. */
size_t spelling_literal(struct str text, size_t most);
/* The first bytes of all that text may be a spelling of; returns how many there are. */
enum { SPELLING_HEADS = SPELLING_LEVELS + 2 };
size_t spelling_heads(struct str text, unsigned char heads[SPELLING_HEADS]);
