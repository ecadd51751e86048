/*
 * Names of JSON members that a decision depends on, in documents from a registry. JSON readers
 * differ: for a name given twice some take the first value and others the last, and those written
 * in Go, as most registries are, ignore case in names. A document where that makes a difference is
 * refused; other names may be anything.
 */
#pragma once

#include "base/error.h"
#include "doc/node.h"

/*
 * Checks the members of map that a reader may take for one of the count names. ERROR_CORRUPT: one
 * has a different spelling, or is given twice. where describes the map, for the message. A node
 * that is not a map has no members.
 */
bool names_check(const struct node *map, const char *const *names, size_t count, const char *where,
		 struct error *err);
