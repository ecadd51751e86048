/*
 * A source with mirrors: other stores that are asked first.
 *
 * What a mirror does not have, or cannot give, the next one is asked for, and in the end the source
 * itself. Tags and manifests are taken from a mirror as it serves them. Which referrers there are
 * only the source itself is asked, since a mirror does not list what it has not fetched yet.
 */
#pragma once

#include "store/store.h"

/* What a run has learnt about its mirrors. Any thread. */
struct mirrored_memory;

/* NULL without memory. */
struct mirrored_memory *mirrored_memory_new(void);
/* *memory may be NULL. */
void mirrored_memory_free(struct mirrored_memory **memory);

/*
 * The source own with count mirrors, all of which live in arena or longer. It has the name, the
 * party and the space of own. NULL without memory.
 */
const struct store *mirrored_store(struct arena *arena, const struct store *own,
				   const struct store *const *mirrors, size_t count,
				   struct mirrored_memory *memory);
