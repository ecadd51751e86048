/*
 * Pushing manifests (distribution-spec 1.1 "Pushing Manifests").
 */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/*
 * Pushes the bytes unchanged. If the answer is lost, the registry is asked what it holds, and
 * answer->subject stays false. The same when it refuses a tag that may be immutable: if the tag
 * already holds the manifest, that is success; if it holds something else, ERROR_IMMUTABLE names
 * both digests.
 *
 * A tag for a digest that is not sha256 is set by a push of that digest (distribution-spec 1.2). A
 * registry that does not support this is ERROR_UNSUPPORTED.
 */
bool push_manifest(const struct repository *repository, const struct push *push,
		   struct push_answer *answer, struct error *err);
/* Whether the registry sets several tags with one push, as far as the answers so far show. */
enum store_tagging push_tagging(const struct repository *repository);
/*
 * Pushes the bytes by their digest, for all tags at once, in one try. set[i]: the registry says
 * that it has set that tag. If it refuses, push_tagging() is STORE_TAGS_ONE from then on.
 */
bool push_tags(const struct repository *repository, const struct push *push,
	       const char *const *tags, size_t count, bool *set, struct error *err);
/*
 * False with ERROR_UNSUPPORTED when the registry has refused a manifest of this media type before,
 * so that nothing is sent for another.
 */
bool push_accepts(const struct repository *repository, const char *media_type, struct error *err);
/* Finds out what a refusal of the manifest digest means. Pure apart from memory. */
void push_read_refusal(const struct http_answer *answer, const char *digest,
		       struct push_answer *out);
