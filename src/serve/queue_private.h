/* What the files of the queue share. Private to them. */
#pragma once

#include "serve/entries.h"

#include <pthread.h>

/* One call of queue_add() that is not answered yet, in an arena of its own. */
struct queue_hook {
	struct arena *arena;
	void (*done)(void *ctx, bool written);
	void *ctx;
	bool written;  /* the answer */
	uint64_t need; /* it is on disk once this change is */
	size_t count;
	uint64_t *ids; /* of its entries */
	struct queue_hook *next;
};

struct queue {
	struct arena *arena; /* this */
	size_t most;
	void (*changed)(void *ctx);
	void *changed_ctx;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;  /* the writer */
	struct entries entries;
	size_t states[QUEUE_UNROUTED + 1]; /* entries in each state */
	uint64_t last_id, last_named;
	uint64_t changes; /* of what the record is to hold, counted */
	uint64_t written; /* the last of them that is on disk */
	int64_t save_at;  /* clock_ms() when changes are written that no hook waits for */
	struct queue_hook *hooks, **hooks_end;
	struct pending *added, **added_end; /* those that the writer does not know yet */
	struct pending *gone;               /* those it knows, to be freed by it */
	bool closing, writable;
	uint64_t writes, failed_writes;

	/* The writer's alone: what it has to do to the record's text before the next save. */
	struct record_file *record;
	struct pending *to_append, **to_append_end;
	struct pending *to_remove;
	bool failing; /* and the log says so */
};

/* --- queue_state.c; with the lock ----------------------------------------------------------- */

/* Counts a change of what the record is to hold. */
void queue_state_change(struct queue *queue);
void queue_state_set(struct queue *queue, struct pending *entry, enum queue_state state);
/* Makes it pending; a key of the record that names no image stays as it is. */
void queue_state_make_due(struct queue *queue, struct pending *entry);
/* Keeps the error of the last attempt; NULL: there is none. */
void queue_state_error(struct pending *entry, const char *why);
/* It has not failed yet, and no hook named it while it was running. */
void queue_state_clean(struct pending *entry);
/* Adds it at the end, with a new id. */
void queue_state_add(struct queue *queue, struct pending *entry);
void queue_state_remove(struct queue *queue, struct pending *entry);
bool queue_state_written(const struct queue *queue, const struct pending *entry);
/* Removes those for the same image from other hosts that were named earlier and do not run. */
void queue_state_replace(struct queue *queue, const struct pending *by);
/*
 * Another host has the same image, which is running; or, if that was not asked, which was named
 * later and is on disk.
 */
bool queue_state_rivalled(const struct queue *queue, const struct pending *entry, bool running);

/* --- queue_hook.c; without the lock --------------------------------------------------------- */

enum queue_answer queue_hook_add(struct queue *queue, const struct queue_item *items, size_t count,
				 void (*done)(void *ctx, bool written), void *ctx);

/* --- queue_writer.c; without the lock ------------------------------------------------------- */

enum { QUEUE_SOON_MS = 300 }; /* until removals are written */

/* Writes until the queue is closing and all is written, or cannot be; answers every hook. */
void queue_writer_run(struct queue *queue);
/* Frees what the writer knows and is in the queue no longer. */
void queue_writer_finish(struct queue *queue);
