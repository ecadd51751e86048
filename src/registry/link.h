/*
 * The Link header (RFC 8288), as far as paging through a listing needs it.
 */
#pragma once

#include "base/str.h"

enum { LINK_BYTES_MAX = 8192 };

enum link_found {
	LINK_NONE,
	LINK_NEXT,
	LINK_UNREADABLE, /* it announces a next page without saying where, or is too long */
};

/*
 * Finds the link with relation "next" in one header value. It reads leniently, since an announced
 * page must not be missed. With LINK_NEXT *target is the link's text as sent, a slice of value,
 * usually relative and never empty; the caller resolves it and must stay on the origin.
 */
enum link_found link_next(struct str value, struct str *target);
