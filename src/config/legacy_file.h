/* The single file of old releases, --config: {auth: ..., images: ...}. */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/rules/rule.h"
#include "registry/credential.h"

/*
 * Reads both parts as auth_file_read() and images_file_read() do, with variables expanded in both.
 * auth may be missing, images must not. Another name is a warning, or a mistake if it looks like a
 * slip of the part that is missing.
 */
void legacy_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct credentials *credentials,
		      struct rules *rules, struct problems *problems);
