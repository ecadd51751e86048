/*
 * The Link header (RFC 8288), as far as paging through a listing needs it.
 */
#pragma once

#include "base/str.h"

enum { LINK_BYTES_MAX = 8192 };

/*
 * Finds the link with relation "next" in one header value. *target becomes its text as sent, a
 * slice of value, usually relative and never empty; who follows it resolves it and stays on the
 * origin. False: there is none, or the value is longer than LINK_BYTES_MAX.
 */
bool link_next(struct str value, struct str *target);
