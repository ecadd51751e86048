/* Base64 of RFC 4648, section 4. */
#pragma once

#include "base/buf.h"

/* Appends the encoding of text, with padding. */
void base64_encode(struct str text, struct buf *out);
/* Appends the decoded bytes; missing padding and '\n' are accepted. False: not base64. */
bool base64_decode(struct str text, struct buf *out);
