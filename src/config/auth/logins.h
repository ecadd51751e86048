/* The logins of the auth file and of docker as one list. */
#pragma once

#include "base/arena.h"
#include "registry/credential.h"

/*
 * Appends docker's logins to *list so that credential_find() prefers those of *list: an entry with
 * a login counts wherever it fits, however much longer docker's key is. Entries without a login
 * (only insecure, ca, proxy, mirrors) get docker's, and docker's entries get their settings. False
 * without memory.
 */
bool logins_join(struct arena *arena, struct credentials *list, const struct credentials *docker);
/* True when the entry has a login, a helper to ask for one, or a malformed login. */
bool logins_any(const struct credential *entry);
