/*
 * What a hook needs is made before the lock is taken: an entry for each of its items, even if most
 * of them turn out to be there already. So with the lock nothing can fail for want of memory, and a
 * hook is taken as a whole or not at all.
 */
#include "base/clock.h"
#include "serve/queue_private.h"

#include <string.h>

/* Longer than any valid key. */
enum { KEY_MOST = 2 * (RECORD_SOURCE_MAX + RECORD_DESTINATION_MAX) };

static struct queue_hook *make_hook(size_t count)
{
	struct arena *arena = arena_new_small();
	struct queue_hook *hook = arena ? arena_new_of(arena, struct queue_hook) : NULL;
	uint64_t *ids = hook ? arena_array(arena, count, sizeof(*ids)) : NULL;
	if (!ids) {
		arena_free(&arena);
		return NULL;
	}
	*hook = (struct queue_hook){.arena = arena, .count = count, .ids = ids};
	return hook;
}

/* An entry for an item. *answer: why there is none. */
static struct pending *make_entry(const struct queue_item *item, int64_t now,
				  enum queue_answer *answer)
{
	scoped(buf_finish) struct buf key = {0};
	const char *destination = item->destination ? item->destination : "";
	struct pending *made = NULL;
	*answer = QUEUE_INVALID;
	if (strlen(item->source) + strlen(item->tag) + strlen(destination) > KEY_MOST)
		return NULL;
	*answer = QUEUE_CLOSED;
	buf_printf(&key, "%s:%s&%s", item->source, item->tag, destination);
	if (buf_ok(&key))
		made = entries_new(buf_str(&key), now);
	/* What the record holds must be read as it was meant. */
	if (made && (!made->valid || !str_is(made->key.source, item->source) ||
		     !str_is(made->key.tag, item->tag))) {
		*answer = QUEUE_INVALID;
		entries_free(&made);
	}
	return made;
}

/* Entries for all items, which are used where there are none yet. */
static enum queue_answer make_entries(const struct queue_item *items, size_t count,
				      struct pending **made)
{
	enum queue_answer answer;
	int64_t now = clock_unix();
	for (size_t i = 0; i < count; i++)
		if (!(made[i] = make_entry(&items[i], now, &answer)))
			return answer;
	return QUEUE_TAKEN;
}

static void insert(struct queue *queue, struct pending *entry)
{
	queue_state_change(queue);
	queue_state_add(queue, entry);
	entry->born = queue->changes;
	*queue->added_end = entry;
	queue->added_end = &entry->next_added;
}

/* True: it is due now and was not before. */
static bool renew(struct queue *queue, struct pending *entry)
{
	bool was_due = entry->state == QUEUE_PENDING;
	queue_state_clean(entry);
	entry->again = entry->state == QUEUE_RUNNING;
	if (!entry->again)
		queue_state_make_due(queue, entry);
	return entry->state == QUEUE_PENDING && !was_due;
}

static enum queue_answer admit(struct queue *queue, struct queue_hook *hook, struct pending **made,
			       bool *due)
{
	size_t more = 0;
	for (size_t i = 0; i < hook->count; i++)
		more += !entries_same(&queue->entries, made[i]);
	if (queue->closing)
		return QUEUE_CLOSED;
	if (more &&
	    (queue->entries.count >= queue->most || more > queue->most - queue->entries.count))
		return QUEUE_FULL;
	for (size_t i = 0; i < hook->count; i++) {
		struct pending *entry = entries_same(&queue->entries, made[i]);
		if (entry) {
			entry->named_at = made[i]->named_at;
			*due |= renew(queue, entry);
		} else {
			entry = made[i];
			made[i] = NULL;
			insert(queue, entry);
		}
		entry->named = ++queue->last_named;
		entry->holders++;
		hook->ids[i] = entry->id;
		if (hook->need < entry->born)
			hook->need = entry->born;
	}
	*queue->hooks_end = hook;
	queue->hooks_end = &hook->next;
	pthread_cond_signal(&queue->wake);
	return QUEUE_TAKEN;
}

/* made: as many pointers as there are items, NULL at first; what is left there is not used. */
static enum queue_answer add(struct queue *queue, const struct queue_item *items,
			     struct queue_hook *hook, struct pending **made)
{
	bool due = false;
	enum queue_answer answer = make_entries(items, hook->count, made);
	if (answer != QUEUE_TAKEN)
		return answer;
	pthread_mutex_lock(&queue->lock);
	answer = admit(queue, hook, made, &due);
	pthread_mutex_unlock(&queue->lock);
	if (due && queue->changed)
		queue->changed(queue->changed_ctx);
	return answer;
}

enum queue_answer queue_hook_add(struct queue *queue, const struct queue_item *items, size_t count,
				 void (*done)(void *ctx, bool written), void *ctx)
{
	scoped(arena_free) struct arena *scratch = arena_new_small();
	struct pending **made = scratch ? arena_array(scratch, count, sizeof(*made)) : NULL;
	struct queue_hook *hook = made ? make_hook(count) : NULL;
	if (!hook)
		return QUEUE_CLOSED;
	struct arena *arena = hook->arena;
	hook->done = done;
	hook->ctx = ctx;
	enum queue_answer answer = add(queue, items, hook, made);
	for (size_t i = 0; i < count; i++)
		entries_free(&made[i]);
	if (answer != QUEUE_TAKEN)
		arena_free(&arena);
	return answer;
}
