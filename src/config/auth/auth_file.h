/*
 * The auth file: logins and settings for registries.
 *
 * A mapping from a registry, or registry/path, to username and password, or token (an identity
 * token); insecure; ca, a file; proxy, a URL; mirrors, a list of registries; expandenv, or its
 * opposite disableexpandenv.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "registry/credential.h"

/*
 * Turns the document into credentials in arena, with variables expanded; every password and token
 * is registered as a secret. Mistakes of the file as a whole go to problems; those of an entry
 * become its fault, including a ca that cannot be read, and two keys for one registry with
 * different fields. Warnings are for unknown fields, misspelt registries, and secrets in a file
 * that others can read. A login has username and password, or token, or neither.
 */
void auth_file_read(struct arena *arena, const struct document *document,
		    const struct expand_lookup *lookup, struct credentials *out,
		    struct problems *problems);
