/*
 * Items of `repositories` and `exclude-repositories`: paths below a namespace. Each is a name, a
 * glob, in which * and ? stand for no '/' and ** for anything, or a /pattern/. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "plan/pattern.h"

struct namespace_item {
	struct str name;               /* of a repository, below the namespace */
	const struct pattern *pattern; /* what a /pattern/ or a glob finds; NULL: name counts */
};

/*
 * Parses text, which out keeps. ERROR_CONFIG: it is no name, or a pattern with a mistake; the error
 * quotes it.
 */
bool namespace_item_parse(struct arena *arena, const char *text, struct namespace_item *out,
			  struct error *err);
/*
 * Sets *found when one of the items means the repository with that path below the namespace.
 * ERROR_CONFIG: a pattern takes too long.
 */
bool namespace_item_find(const struct namespace_item *items, size_t count, struct str below,
			 bool *found, struct error *err);
