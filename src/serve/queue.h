/*
 * The images that hooks named and that are not confirmed yet, and their record on disk. queue.c
 * keeps them in memory, record.c has the file and its format. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum queue_state {
	QUEUE_PENDING,  /* due */
	QUEUE_RUNNING,  /* part of the run that is under way */
	QUEUE_WAITING,  /* failed; next says when it is tried again */
	QUEUE_PARKED,   /* failed for good: until a new hook, queue_wake() or a restart */
	QUEUE_UNROUTED, /* no route or rule wants it: until queue_wake() */
};

/* What a hook names. */
struct queue_item {
	const char *source;      /* host and repository: "quay.io/ns/img" */
	const char *tag;         /* "1.0.3" */
	const char *destination; /* that of its route; "": what the rules say */
};

/* A copy of an entry, for readers. */
struct queue_entry {
	struct queue_item item;
	uint64_t id; /* of this entry, never used again */
	enum queue_state state;
	unsigned attempts; /* that failed since the last hook */
	int64_t queued;    /* seconds since 1970, as the next two */
	int64_t tried;     /* 0: not yet */
	int64_t next;      /* 0: there is no next try */
	const char *error; /* of the last attempt; NULL: none */
};

struct queue;

struct queue_options {
	const char *path; /* of the record */
	size_t most;      /* entries */
};

/* Reads the record. ERROR_CONFIG: it cannot be parsed, and is left as it is. ERROR_IO. */
bool queue_open(const struct queue_options *options, struct queue **out, struct error *err);
/* Starts the thread that writes; after the process was confined. */
bool queue_start(struct queue *queue, struct error *err);
/* Writes what is not written yet, and ends the thread. */
void queue_free(struct queue **queue);

enum queue_answer {
	QUEUE_TAKEN,  /* done() will be called */
	QUEUE_FULL,   /* there are as many entries as options.most allows */
	QUEUE_CLOSED, /* out of memory, or being freed */
};

/*
 * Adds the items, all or none. One that is there already is that entry, with a clean slate, and if
 * it is running once more afterwards. done(ctx, true) is called once they are on disk, done(ctx,
 * false) when they could not be written; then they are taken back, unless another hook has named
 * them since. The thread that writes calls it, soon, also for items that need no write. An item for
 * the same image of the same destination from another host replaces the earlier one, unless that
 * is running; the log says so.
 */
enum queue_answer queue_add(struct queue *queue, const struct queue_item *items, size_t count,
			    void (*done)(void *ctx, bool written), void *ctx);

/*
 * Takes at most `most` of the entries that are due at now, in order of arrival: they are running.
 * routed: those with a destination, else those without. Copies live in arena. False without memory:
 * nothing is taken.
 */
bool queue_take(struct queue *queue, int64_t now, bool routed, size_t most, struct arena *arena,
		struct queue_entry **out, size_t *count);

enum queue_verdict {
	QUEUE_DONE,      /* confirmed: removed, unless it was named again meanwhile */
	QUEUE_AGAIN,     /* tried, no failure, but to be looked at again: pending */
	QUEUE_TRANSIENT, /* failed, and may succeed later: back-off per entry, growing to hours */
	QUEUE_PERMANENT, /* failed in a way that repeats; after a few of these it is parked */
	QUEUE_NO_ROUTE,  /* nothing wants it any more */
};

/*
 * Ends what queue_take() began for one entry. why: the error; NULL: none. The record follows soon.
 */
void queue_settle(struct queue *queue, uint64_t id, enum queue_verdict verdict, const char *why,
		  int64_t now);
/* Everything that waits, is parked or unrouted is due again. */
void queue_wake(struct queue *queue);
/* When the next entry is due: 0: one is now; INT64_MAX: none. routed as for queue_take(). */
int64_t queue_due(struct queue *queue, bool routed);

struct queue_figures {
	size_t pending, running, waiting, parked, unrouted; /* entries in each state */
	int64_t oldest;         /* when the oldest entry was queued; 0: there is none */
	bool writable;          /* the last write of the record succeeded */
	uint64_t writes;        /* of the record, since the start */
	uint64_t failed_writes; /* likewise */
};
void queue_figures(struct queue *queue, struct queue_figures *out);
/*
 * Copies of at most `most` entries in order of arrival; if not all fit, those that are not simply
 * pending come first. False without memory.
 */
bool queue_list(struct queue *queue, size_t most, struct arena *arena, struct queue_entry **out,
		size_t *count);
/*
 * changed(ctx) is called, without the lock, whenever an entry becomes due at once. Set before
 * queue_start().
 */
void queue_watch(struct queue *queue, void (*changed)(void *ctx), void *ctx);
