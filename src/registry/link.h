/*
 * The Link header (RFC 8288), as far as paging through a listing needs it.
 */
#pragma once

#include "base/str.h"

enum { LINK_BYTES_MAX = 8192 };

enum link_found {
	LINK_NONE,
	LINK_NEXT,
	LINK_UNREADABLE, /* there is a next page, but not where, or the value is too long */
};

/*
 * Finds the link with relation "next" in one header value, read leniently: what announces a page
 * must not be passed over. With LINK_NEXT *target is its text as sent, a slice of value, usually
 * relative and never empty; who follows it resolves it and stays on the origin.
 */
enum link_found link_next(struct str value, struct str *target);
