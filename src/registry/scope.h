/*
 * Scopes of tokens: "repository:NAME:pull,push", several separated by blanks (distribution token
 * specification). Private to registry/, pure.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/*
 * What a request to the repository name needs: pull, and push where we write; from, when not NULL,
 * is another repository a blob is to be mounted from. NULL without memory.
 */
const char *scope_default(struct arena *arena, const char *name, bool push, const char *from);
/* True when ours grants everything that theirs asks for. */
bool scope_covers(const char *ours, const char *theirs);
