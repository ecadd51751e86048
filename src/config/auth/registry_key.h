/*
 * Splits and compares the keys of credentials, "registry" or "registry/path".
 *
 * The same forms are accepted as by credential_find(): a scheme, a trailing slash, Docker Hub's
 * other names, and for Docker Hub alone a path without a registry.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* *host is normalised ("docker.io"); *repository may be empty. Slices of key, or static. */
void registry_key_split(struct str key, struct str *host, struct str *repository);
/* True when both keys stand for the same registry and path. */
bool registry_key_equal(struct str a, struct str b);
/* A copy of key with its host in lower case and without a final dot; at is NULL without memory. */
struct str registry_key_lower(struct arena *arena, struct str key);
/*
 * The well-known registry that host is a slip of, such as ghcr.io for ghrc.io, or NULL. Such names
 * have been registered in order to steal credentials.
 */
const char *registry_key_lookalike(struct str host);
