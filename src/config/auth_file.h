/*
 * The auth file: who we are at which registry (image-syncer.md 2.2, 3 and 4.1).
 *
 * A mapping from a registry, or registry/path, to username, password, insecure and expandenv.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "registry/credential.h"

/*
 * Turns the document into credentials in arena, with variables expanded; every password is
 * registered as a secret. All mistakes go to problems; unknown fields are warned about.
 */
void auth_file_read(struct arena *arena, const struct document *document,
		    const struct expand_lookup *lookup, struct credentials *out,
		    struct problems *problems);
