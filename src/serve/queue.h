/*
 * The images that hooks named and that are not confirmed yet, and their record on disk. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

enum queue_state {
	QUEUE_PENDING, /* due */
	QUEUE_RUNNING,
	QUEUE_WAITING,  /* failed; next says when it is tried again */
	QUEUE_PARKED,   /* failed for good: until a new hook, queue_wake() or a restart */
	QUEUE_UNROUTED, /* no route or rule wants it: until queue_wake() */
};

/* What a hook names. */
struct queue_item {
	const char *source;      /* "quay.io/ns/img": host and repository */
	const char *tag;         /* "1.0" */
	const char *destination; /* that of its route; "": what the rules say */
};

/* A copy of one entry, for readers. */
struct queue_entry {
	struct queue_item item; /* a key of the record that names no image is a source alone */
	uint64_t id;            /* of this entry, never used again */
	enum queue_state state;
	unsigned attempts;           /* that failed since the last hook */
	int64_t queued, tried, next; /* seconds since 1970; tried, next: 0 if there is none */
	int64_t named;               /* likewise, when a hook last named it */
	const char *error;           /* of the last attempt; NULL: none */
};

struct queue;

struct queue_options {
	const char *path; /* of the record */
	size_t most;      /* entries; what the record holds is kept even if that is more */
};

/*
 * Reads the record; names of images get the spelling that hooks have. ERROR_CONFIG: it cannot be
 * parsed, and is left as it is, or another process uses it. ERROR_IO.
 */
bool queue_open(const struct queue_options *options, struct queue **out, struct error *err);
/* Starts the thread that writes; after the process was confined. ERROR_MEMORY. */
bool queue_start(struct queue *queue, struct error *err);
/* Writes what is not written yet, and ends the thread. *queue may be NULL. */
void queue_free(struct queue **queue);

enum queue_answer {
	QUEUE_TAKEN, /* done() will be called */
	QUEUE_FULL,
	QUEUE_CLOSED,  /* out of memory, or being freed */
	QUEUE_INVALID, /* an item is not the name of an image that the record can hold */
};

/*
 * Adds the items, all or none; one that is there already is that entry (with a clean slate, and if
 * it is running once more afterwards). done(ctx, true) is called once they are on disk, done(ctx,
 * false) when they could not be written (they are taken back, if no other hook has named them
 * since); by the thread that writes, soon. Items that were written before and need no write are
 * answered as well. An item for the same image of the same destination from another host replaces
 * the earlier one, unless that is running; the log says so.
 */
enum queue_answer queue_add(struct queue *queue, const struct queue_item *items, size_t count,
			    void (*done)(void *ctx, bool written), void *ctx);

/*
 * Takes the entries that are due at now and on disk, in order of arrival, at most `most`: they are
 * running. routed: also those with a destination (else only those without). Copies live in arena.
 * Returns false without memory: nothing is taken.
 */
bool queue_take(struct queue *queue, int64_t now, bool routed, size_t most, struct arena *arena,
		struct queue_entry **out, size_t *count);

enum queue_verdict {
	QUEUE_DONE,      /* confirmed: removed, unless it was named again meanwhile */
	QUEUE_AGAIN,     /* tried, no failure, but to be looked at again: pending */
	QUEUE_HOLD,      /* confirmed, but to be looked at again after queue_release(): pending */
	QUEUE_TRANSIENT, /* failed, and may succeed later: back-off per entry, growing to hours */
	QUEUE_PERMANENT, /* failed in a way that repeats; after a few of these it is parked */
	QUEUE_NO_ROUTE,
};
/*
 * Ends what queue_take() began for one entry. why: the error; NULL: none. The record follows soon.
 */
void queue_settle(struct queue *queue, uint64_t id, enum queue_verdict verdict, const char *why,
		  int64_t now);
/* What is held is due. */
void queue_release(struct queue *queue);
/*
 * Everything that waits, is held, parked or unrouted is due again (do; other rules). What is
 * running is due once more if it comes to that: the run may have begun with the rules before.
 */
void queue_wake(struct queue *queue);
/* When the next entry is due: 0: one is now; INT64_MAX: none. routed as above. */
int64_t queue_due(struct queue *queue, bool routed);

struct queue_figures {
	size_t pending, running, waiting, parked, unrouted; /* entries in each state */
	int64_t oldest; /* when the oldest entry was queued; 0: there is none */
	bool writable;  /* the last write of the record succeeded; false before the first */
	uint64_t writes, failed_writes; /* of the record, since the start */
};
void queue_figures(struct queue *queue, struct queue_figures *out);
/*
 * Copies of at most `most` entries in order of arrival, those that are not simply pending first if
 * not all fit. False without memory.
 */
bool queue_list(struct queue *queue, size_t most, struct arena *arena, struct queue_entry **out,
		size_t *count);
/*
 * Wakes waiters: called without the lock whenever an entry becomes due at once. Set before
 * queue_start().
 */
void queue_watch(struct queue *queue, void (*changed)(void *ctx), void *ctx);
