/*
 * The spellings of a text: the forms it takes when a server quotes, escapes or encodes it. Pure.
 *
 * Each character may be unchanged, or written as an entity of HTML or XML (&amp; &#38; &#x0026;),
 * as an escape of JSON, JavaScript, Go or C (\u0026 \u{26} \x26 \046 \"), or percent-encoded (%26,
 * %u0026; a blank as +), with digits in either case, and every character in a different way.
 * Escapes may themselves be escaped, up to SPELLING_LEVELS deep.
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
 * Compares the beginning of text with plain, which is not empty. With SPELLING_WHOLE, *len is the
 * length of the spelling in text.
 */
enum spelling spelling_compare(struct str plain, struct str text, size_t *len);
/* The number of leading bytes of text that cannot be part of an escape, up to most. */
size_t spelling_literal(struct str text, size_t most);
/* The first bytes of all texts that text may be a spelling of; returns their number. */
enum { SPELLING_HEADS = SPELLING_LEVELS + 2 };
size_t spelling_heads(struct str text, unsigned char heads[SPELLING_HEADS]);
