/* One entry of the auth file: the fields of one registry. */
#pragma once

#include "config/expand.h"
#include "config/fields.h"
#include "registry/credential.h"

/* What reading an auth file needs everywhere. */
struct auth_reading {
	struct arena *arena;
	const struct document *document;
	const struct expand_lookup *lookup;
	struct problems *problems;
};

/*
 * Reads the fields in map into *out, whose key and place are set; key is how messages call it. What
 * is wrong with them becomes a fault of the entry, warnings go to problems. Returns a password or
 * token that is written in the file itself, for its place, or NULL.
 */
const struct node *auth_entry_read(const struct auth_reading *reading, struct str key,
				   const struct node *map, struct credential *out);
