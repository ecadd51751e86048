/*
 * Names of members that decide something, in JSON that somebody else wrote.
 *
 * Readers of JSON differ: of a name given twice some take the first value and others the last, and
 * those written in Go, as most registries are, match names without case. A document in which that
 * makes a difference is refused; names that nobody reads may be anything.
 */
#pragma once

#include "base/error.h"
#include "doc/node.h"

/*
 * Checks the members of map that readers may take for one of these count names. ERROR_CORRUPT: one
 * is in another spelling, or given twice. where is what the map is, for the message. What is no map
 * has no members.
 */
bool names_check(const struct node *map, const char *const *names, size_t count, const char *where,
		 struct error *err);
