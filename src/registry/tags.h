/* Listing the tags of a repository (distribution-spec 1.1 "Listing Tags"). */
#pragma once

#include "doc/node.h"
#include "registry/known.h"
#include "store/store.h"

enum { TAGS_PAGES_MAX = 10000, TAGS_MAX = 1000000 };

/*
 * Adds the tags of a page, `{"tags": [...]}`, with the digests that Google's registries list beside
 * them: `"manifest": {DIGEST: {"tag": [...], "timeUploadedMs": "..."}}`. Invalid tags are left out.
 */
bool tags_take(struct known_list *tags, const struct node *root, struct error *err);
/*
 * Lists all tags in the registry's order, each once; invalid tags are left out. Pages are followed
 * by their Link header, on the registry's origin only. A list that was kept ahead (known.h) costs
 * no request. ERROR_MISSING: there is no such repository.
 */
bool tags_list(const struct repository *repository, struct arena *arena, struct tag_list *out,
	       struct error *err);
/*
 * Reads the list of tags if the registry is known to list digests with them, so that many tags can
 * be looked up without a request each (known.h). Failure does not matter.
 */
void tags_learn(const struct repository *repository);
/*
 * Asks for the digest of one tag ahead of its image, and keeps it (known.h): whatever the registry
 * says of itself in an answer is known then. Each registry is asked so once, whether or not it
 * answers. tag NULL: nothing is asked.
 */
void tags_ask(const struct repository *repository, const char *tag);
/*
 * Like tags_list(), with at most pages requests. out->complete false: the list is longer, or the
 * registry does not give it; out has the tags that were read.
 */
bool tags_glance(const struct repository *repository, struct arena *arena, int pages,
		 struct tag_list *out, struct error *err);
