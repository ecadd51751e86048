/* The logins of the auth file and of docker as one list. */
#pragma once

#include "base/arena.h"
#include "registry/credential.h"

/*
 * Appends docker's logins to *list in such a way that credential_find() gives what is meant:
 * wherever an entry of *list with a login fits, it counts, however much longer docker's key is;
 * entries without a login (only insecure, ca, proxy, mirrors) get docker's, and docker's get their
 * settings. False without memory.
 */
bool logins_join(struct arena *arena, struct credentials *list, const struct credentials *docker);
/* True when the entry says who we are, or whom to ask, or was meant to. */
bool logins_any(const struct credential *entry);
