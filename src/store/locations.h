/*
 * Where blobs are known to lie, so that a registry takes them over instead of being sent them: by
 * what this run has put there, or found there. Any thread.
 */
#pragma once

#include "store/store.h"

struct locations;

/* NULL without memory. */
struct locations *locations_new(void);
/* *locations may be NULL. */
void locations_free(struct locations **locations);

/*
 * Records that store holds the blob. The first location of a party counts. store->path must outlive
 * the table. Without memory nothing is recorded.
 */
void locations_record(struct locations *locations, const struct store *store, const char *digest);
/*
 * A path of the party of store that holds the blob: one that was recorded, else that of source, if
 * the two stores share a space. source may be NULL, as may be the result: none is known.
 */
const char *locations_find(struct locations *locations, const struct store *store,
			   const struct store *source, const char *digest);
