/*
 * Scopes of tokens: "repository:NAME:pull,push", several separated by blanks (distribution token
 * specification). Private to registry/, pure.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/*
 * The scope of a request to the repository name: pull, and push for a destination; from, if not
 * NULL, is another repository to mount a blob from. NULL without memory.
 */
const char *scope_default(struct arena *arena, const char *name, bool push, const char *from);
/* True when ours grants everything that theirs asks for. */
bool scope_covers(const char *ours, const char *theirs);
