/* What the files of a state share. */
#pragma once

#include "base/map.h"
#include "doc/node.h"
#include "state/state.h"

#include <pthread.h>

/* A digest at a source. */
struct seen {
	int64_t first, last;
	uint64_t change;   /* the number of the change that made it; 0: it was read */
	uint64_t readings; /* how many there had been when it was last read */
};

/* A tag at a destination. */
struct written {
	struct written_tag tag;
	bool removed; /* at the time tag.when */
	uint64_t change, readings;
};

struct sync_state {
	struct arena *arena; /* what is in the maps */
	struct hints *hints;
	pthread_mutex_t lock;                 /* guards all that follows */
	struct map seen;                      /* HOST/PATH@DIGEST -> struct seen, or NULL */
	struct map written;                   /* HOST/PATH:TAG -> struct written, or NULL */
	uint64_t changes;                     /* so far */
	uint64_t stored;                      /* how many of them are in what is stored, */
	uint64_t in_text;                     /* and in what state_write() wrote last */
	uint64_t hints_stored, hints_in_text; /* the same of hints_changes() */
	uint64_t readings;
	bool full;
};

/* Caller holds the lock. NULL without memory or room. */
struct seen *state_put_seen(struct sync_state *state, struct str key);
/* The same, of a tag that is not there before state_set_written(). destination is copied. */
struct written *state_put_written(struct sync_state *state, struct str key,
				  const struct reference *destination);
/* Sets all but the destination. False without memory, and nothing is changed. */
bool state_set_written(struct sync_state *state, struct written *to,
		       const struct written_tag *from);

/* Fills state, which is empty, with a document. ERROR_CONFIG: text is damaged. */
bool state_document_read(struct sync_state *state, struct str text, int64_t now, struct error *err);
/* Appends state as a document. Caller holds the lock. */
void state_document_write(struct sync_state *state, struct buf *out);
