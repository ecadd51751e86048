/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "base/str.h"

/* U+FEFF, with which some editors let a file begin. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * The length in bytes of the first character of text; 0 when it is not valid UTF-8 or text is
 * empty.
 */
size_t utf8_length(struct str text);
/* The same, and *code becomes the character's code point. */
size_t utf8_decode(struct str text, uint32_t *code);
