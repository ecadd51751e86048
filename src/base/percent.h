/* Percent-encoding of RFC 3986, section 2.1. */
#pragma once

#include "base/buf.h"

/* Appends text with everything but unreserved characters (letters, digits, - . _ ~) encoded. */
void percent_encode(struct str text, struct buf *out);
