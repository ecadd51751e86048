/*
 * Hooks that arrive while a write is under way collect, and share the next one: the slower the
 * disk, the more of them. Changes of what the record is to hold are numbered. An entry is born with
 * a change, and on disk once a write that began after that change has succeeded. A hook needs the
 * change that the youngest of its entries was born with; if that is on disk already, it needs no
 * write.
 *
 * A write that fails is the failure of all hooks that it was for. Their entries are taken back,
 * except those that a later hook holds as well, which is for the next write.
 *
 * What only removes entries is not urgent: whoever is killed before it is written syncs an image
 * once more, which changes nothing. So removals wait a moment for others.
 *
 * The lock is held only to pass lists on. Entries that were added and removed come in two lists;
 * the text of the record is changed without the lock. An entry that the writer knows is freed by
 * the writer alone, so nothing is freed under its hands.
 */
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "serve/queue_private.h"

enum { RETRY_MS = 2000 };

struct queue_batch {
	struct queue_hook *ready;   /* what they need is on disk */
	struct queue_hook *waiting; /* for this write */
	uint64_t changes;           /* the last one that this write has */
	bool save;
};

/* --- with the lock ------------------------------------------------------------------------- */

static bool is_due(const struct queue *queue)
{
	return queue->changes != queue->written && (queue->closing || clock_ms() >= queue->save_at);
}

static void wait_for_work(struct queue *queue)
{
	while (!queue->closing && !queue->hooks && !is_due(queue)) {
		if (queue->changes == queue->written)
			pthread_cond_wait(&queue->wake, &queue->lock);
		else
			cond_wait_ms(&queue->wake, &queue->lock, queue->save_at - clock_ms());
	}
}

static void take_hooks(struct queue *queue, struct queue_batch *batch)
{
	struct queue_hook **ready = &batch->ready, **waiting = &batch->waiting;
	for (struct queue_hook *hook = queue->hooks; hook; hook = hook->next) {
		struct queue_hook ***end = hook->need <= queue->written ? &ready : &waiting;
		**end = hook;
		*end = &hook->next;
	}
	*ready = *waiting = NULL;
	queue->hooks = NULL;
	queue->hooks_end = &queue->hooks;
}

/* From now on all entries are known to the writer, which frees them when they are removed. */
static void take_entries(struct queue *queue)
{
	struct pending *next;
	for (struct pending *each = queue->added; each; each = next) {
		next = each->next_added;
		each->next_added = NULL;
		each->handed = true;
		if (each->removed) {
			each->next_gone = queue->gone;
			queue->gone = each;
		} else {
			*queue->to_append_end = each;
			queue->to_append_end = &each->next_added;
		}
	}
	queue->added = NULL;
	queue->added_end = &queue->added;
	for (struct pending *each = queue->gone; each; each = next) {
		next = each->next_gone;
		each->next_gone = queue->to_remove;
		queue->to_remove = each;
	}
	queue->gone = NULL;
}

/* Settles the hooks' entries; they are answered later, without the lock. */
static void conclude(struct queue *queue, struct queue_hook *hooks, bool written)
{
	for (struct queue_hook *hook = hooks; hook; hook = hook->next) {
		hook->written = written;
		for (size_t i = 0; i < hook->count; i++) {
			struct pending *entry = entries_with_id(&queue->entries, hook->ids[i]);
			if (!entry)
				continue;
			entry->holders--;
			if (written)
				queue_state_replace(queue, entry);
			else if (!entry->holders && !queue_state_written(queue, entry))
				queue_state_remove(queue, entry);
		}
	}
}

static void note(struct queue *queue, const struct queue_batch *batch, bool saved)
{
	queue->writable = saved;
	if (saved) {
		queue->writes++;
		queue->written = batch->changes;
	} else {
		queue->failed_writes++;
	}
	queue->save_at = clock_ms() + (saved ? QUEUE_SOON_MS : RETRY_MS);
	conclude(queue, batch->waiting, saved);
}

/* --- without ------------------------------------------------------------------------------- */

static void answer(struct queue_hook *hooks)
{
	struct queue_hook *next;
	for (struct queue_hook *hook = hooks; hook; hook = next) {
		struct arena *arena = hook->arena;
		next = hook->next;
		hook->done(hook->ctx, hook->written);
		arena_free(&arena);
	}
}

static void forget(struct queue *queue)
{
	struct pending *next;
	for (struct pending *each = queue->to_remove; each; each = next) {
		next = each->next_gone;
		record_remove(queue->record, each->id);
		if (each->replaced)
			log_warn("%s will not be synced: a later hook named an image of another "
				 "host that goes to the same place",
				 each->text);
		entries_free(&each);
	}
	queue->to_remove = NULL;
}

static bool save(struct queue *queue, struct error *err)
{
	while (queue->to_append) {
		struct pending *entry = queue->to_append;
		if (!record_append(queue->record, entry->id, entry->line))
			return error_memory(err);
		queue->to_append = entry->next_added;
	}
	queue->to_append_end = &queue->to_append;
	forget(queue);
	return record_save(queue->record, err);
}

/* The log says when it begins and when it ends, not each time. */
static void tell(struct queue *queue, bool saved, const struct error *err)
{
	if (!saved && !queue->failing)
		log_error("record of pending images: %s: hooks are refused until this is repaired",
			  err->text);
	if (saved && queue->failing)
		log_info("record of pending images: it can be written again");
	queue->failing = !saved;
}

/* Answers the hooks that have come, after a write if one is needed. With the lock; true: saved. */
static bool work(struct queue *queue)
{
	struct queue_batch batch = {.changes = queue->changes};
	struct error err;
	bool saved = false;
	take_hooks(queue, &batch);
	bool arrived = batch.waiting;
	batch.save = arrived || is_due(queue);
	if (batch.save)
		take_entries(queue);
	conclude(queue, batch.ready, true);
	pthread_mutex_unlock(&queue->lock);
	answer(batch.ready);
	if (batch.save) {
		saved = save(queue, &err);
		tell(queue, saved, &err);
	}
	pthread_mutex_lock(&queue->lock);
	if (batch.save)
		note(queue, &batch, saved);
	pthread_mutex_unlock(&queue->lock);
	answer(batch.waiting);
	if (saved && arrived && queue->changed)
		queue->changed(queue->changed_ctx);
	pthread_mutex_lock(&queue->lock);
	return saved;
}

void queue_writer_run(struct queue *queue)
{
	bool last, saved;
	pthread_mutex_lock(&queue->lock);
	do {
		wait_for_work(queue);
		last = queue->closing;
		saved = work(queue);
	} while (!last || (saved && queue->changes != queue->written));
	pthread_mutex_unlock(&queue->lock);
}

void queue_writer_finish(struct queue *queue)
{
	take_entries(queue);
	queue->to_append = NULL;
	forget(queue);
}
