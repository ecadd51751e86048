/* Removing manifests and tags (distribution-spec 1.1 "Content Management"). */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/*
 * Removes what reference, a tag or digest, names; see store_remove(). What can be told by the
 * status alone is *out; other refusals are errors.
 */
bool remove_manifest(const struct repository *repository, const char *reference,
		     enum store_removal *out, struct error *err);
/*
 * Sets *out to what an answer says of a removal: of a registry, or of another API of one. False: it
 * is a failure.
 */
bool remove_answered(const struct http_answer *answer, enum store_removal *out);
