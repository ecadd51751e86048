/* What the kinds of lists share. Private to discover/. */
#pragma once

#include "discover/discover.h"
#include "registry/request.h"

enum { DIALECT_PAGE_MAX = 32 * 1024 * 1024 };

/*
 * Lists by one kind of list. *supported false: the registry has no such list, or not for us, as why
 * says; then another kind may be tried.
 */
typedef bool dialect_list(const struct discovery *discovery, struct map *found, bool *supported,
			  struct error *why);

dialect_list catalog_list, google_list;

/* Adds the path of a repository. False without memory, or when there are too many. */
bool dialect_add(struct map *found, struct str path, struct error *err);
/* Opens the namespace, or what is below it, as if it were a repository. */
bool dialect_open(const struct discovery *discovery, const char *path, struct repository *out,
		  struct error *err);
