/* One entry of the auth file: the fields of one registry. */
#pragma once

#include "config/expand.h"
#include "config/fields.h"
#include "registry/credential.h"

/* The arguments of all functions that read an auth file. */
struct auth_reading {
	struct arena *arena;
	const struct document *document;
	const struct expand_lookup *lookup;
	struct problems *problems;
};

/* The fields of an entry. */
extern const struct fields_table auth_entry_fields;
/* True when an entry has a field of this name. */
bool auth_entry_has(struct str name);

/*
 * Reads the fields in map into *out, whose key and place are set; key is its name in messages.
 * Mistakes become faults of the entry, warnings go to problems. Returns the node of a password or
 * token that is written in the file itself, or NULL.
 */
const struct node *auth_entry_read(const struct auth_reading *reading, struct str key,
				   const struct node *map, struct credential *out);
