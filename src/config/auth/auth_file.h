/*
 * The auth file: who we are at which registry.
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
 * is registered as a secret. What is wrong with the file as a whole goes to problems, what is wrong
 * with an entry is its fault, also a ca that cannot be read and two keys for one registry that
 * differ. Warned about are unknown fields, misspelt registries, and secrets in a file that others
 * can read. Of a login, either username and password are set, or token, or nothing.
 */
void auth_file_read(struct arena *arena, const struct document *document,
		    const struct expand_lookup *lookup, struct credentials *out,
		    struct problems *problems);
