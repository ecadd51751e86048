/*
 * Entries of files that are not in the order of the alphabet: for `check --sorted`. Pure.
 */
#pragma once

#include "config/config.h"
#include "plan/namespace.h"

struct order_entries {
	const struct config *config; /* its rules are those for repositories */
	const struct namespace_rule *namespaces;
	size_t namespace_count;
};

/*
 * Warns about each source of rules, and each key of the auth file, that comes before the entry
 * above it by the values of its bytes. What is written in different files is not compared. False
 * without memory.
 */
bool order_check(struct arena *arena, const struct order_entries *given, struct problems *problems);
