/*
 * Pushing manifests (distribution-spec 1.1 "Pushing Manifests").
 */
#pragma once

#include "registry/registry.h"
#include "store/store.h"

/*
 * Pushes the bytes as they are. After an answer that got lost the registry is asked what it holds;
 * answer->subject is false then. So it is when it refuses a tag that may be immutable: if it holds
 * the same, all is well, if it holds something else, ERROR_IMMUTABLE names both digests.
 *
 * A tag for a digest that is not sha256 is set by a push of that digest (distribution-spec 1.2), or
 * not at all: ERROR_UNSUPPORTED.
 */
bool push_manifest(const struct repository *repository, const struct push *push,
		   struct push_answer *answer, struct error *err);
/*
 * False with ERROR_UNSUPPORTED when the registry has refused manifests of this media type before:
 * nothing need be sent for another one.
 */
bool push_accepts(const struct repository *repository, const char *media_type, struct error *err);
/* Reads what a refusal of the manifest digest says. Pure apart from memory. */
void push_read_refusal(const struct http_answer *answer, const char *digest,
		       struct push_answer *out);
