/*
 * The pending images in memory: in order of arrival, and found by image or by id. Private to the
 * queue, whose lock protects them.
 */
#pragma once

#include "serve/queue.h"
#include "serve/record.h"

/* One image, in an arena of its own. Texts never change. */
struct pending {
	struct arena *arena;
	struct arena *why_arena; /* what error is in; NULL: there is none */
	const char *error;       /* of the last attempt */
	const char *text;        /* the key as a string */
	struct record_key key;   /* its parts, as far as it is valid */
	bool valid;              /* it names an image; otherwise the record just keeps it */
	struct str line;         /* of the record */

	enum queue_state state;
	bool again;         /* a hook named it while it was running */
	bool woken;         /* queue_wake() came meanwhile: a failure is tried again at once */
	bool held;          /* pending, but until queue_release() it does not run */
	unsigned attempts;  /* that failed since the last hook */
	unsigned permanent; /* how many of them failed for good */
	unsigned holders;   /* hooks not answered yet that named it */
	int64_t queued, tried, next;
	int64_t named_at; /* seconds since 1970: when a hook last named it */
	uint64_t id;
	uint64_t named; /* grows each time that a hook names an entry */
	uint64_t born;  /* the change of the queue that brought it; see queue_writer.c */

	bool handed;                /* to the writer, which alone frees it from then on */
	bool removed;               /* no longer in the queue */
	bool replaced;              /* removed because of a rival */
	struct pending *next_added; /* in lists of queue_private.h */
	struct pending *next_gone;

	/* Private to entries.c. */
	uint64_t hash;
	struct pending *next_one, *previous, *next_image, *next_id;
};

struct entries {
	struct pending *first, *last; /* in order of arrival; see entries_next() */
	size_t count;
	/* Private. */
	struct arena *arena; /* the buckets */
	struct pending **by_image, **by_id;
	size_t buckets; /* a power of two */
	uint64_t seed;
};

/* A new image, in no set; without a valid key it is unrouted. NULL without memory. */
struct pending *entries_new(struct str key, int64_t now);
/* Frees one that is in no set; *pending may be NULL. */
void entries_free(struct pending **pending);

/* An empty set in zeroed memory; false without memory. */
bool entries_init(struct entries *entries);
/* Adds it at the end. */
void entries_add(struct entries *entries, struct pending *pending);
void entries_take_out(struct entries *entries, struct pending *pending);
/* Frees all that are in the set. */
void entries_finish(struct entries *entries);

/* The one that comes after it, NULL: none. */
struct pending *entries_next(const struct pending *pending);
/* The one with the same key; NULL: none. */
struct pending *entries_same(const struct entries *entries, const struct pending *like);
/*
 * Another one after `after` (NULL: the first) that goes to the same image of the same destination
 * from another host; NULL: none.
 */
struct pending *entries_rival(const struct entries *entries, const struct pending *pending,
			      const struct pending *after);
struct pending *entries_with_id(const struct entries *entries, uint64_t id);
