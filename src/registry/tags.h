/* Listing the tags of a repository (distribution-spec 1.1 "Listing Tags"). */
#pragma once

#include "registry/registry.h"

enum { TAGS_PAGES_MAX = 10000, TAGS_MAX = 1000000 };

/*
 * All tags in the registry's order, each once; what is no valid tag is left out. Pages are followed
 * by their Link header, on the registry's origin only. ERROR_MISSING: no such repository.
 */
bool tags_list(const struct repository *repository, struct arena *arena, const char *const **tags,
	       size_t *count, struct error *err);
/*
 * For the time when many tags of the repository are going to be asked for: if its registry is known
 * to list digests with the tags, one list answers all (manifests_head()). No failure matters.
 */
void tags_learn(const struct repository *repository);
/*
 * The same by at most pages requests. *complete false: the list is longer than that, or the
 * registry does not tell it; tags holds what was read.
 */
bool tags_glance(const struct repository *repository, struct arena *arena, int pages,
		 const char *const **tags, size_t *count, bool *complete, struct error *err);
