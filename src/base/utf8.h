/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "base/str.h"

/* Bytes of the character text starts with; 0 when they are no valid UTF-8 or text is empty. */
size_t utf8_length(struct str text);
/* The same, and *code becomes the character's number; 0 when there is none. */
size_t utf8_decode(struct str text, uint32_t *code);
