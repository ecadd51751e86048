/*
 * Two hosts may have the same image for the same destination. The one named last is to win, and to
 * be there last: it takes the other's place when it is on disk; if the other runs just then, it
 * waits, and the other is dropped when it ends, whatever came of it.
 */
#include "base/clock.h"
#include "serve/queue_private.h"

#include <string.h>

enum { ERROR_MOST = 300 }; /* bytes of an error that are kept */

void queue_state_change(struct queue *queue)
{
	if (queue->changes == queue->written) {
		queue->save_at = clock_ms() + QUEUE_SOON_MS;
		pthread_cond_signal(&queue->wake);
	}
	queue->changes++;
}

void queue_state_set(struct queue *queue, struct pending *entry, enum queue_state state)
{
	queue->states[entry->state]--;
	entry->state = state;
	queue->states[state]++;
}

void queue_state_make_due(struct queue *queue, struct pending *entry)
{
	entry->next = 0;
	entry->held = false;
	if (entry->valid)
		queue_state_set(queue, entry, QUEUE_PENDING);
}

void queue_state_error(struct pending *entry, const char *why)
{
	arena_free(&entry->why_arena);
	entry->error = NULL;
	entry->why_arena = why ? arena_new_small() : NULL;
	struct str text = str_head(str_of(why), ERROR_MOST);
	if (entry->why_arena)
		entry->error = arena_copy(entry->why_arena, text.at, text.len);
}

void queue_state_clean(struct pending *entry)
{
	entry->again = false;
	entry->attempts = entry->permanent = 0;
	queue_state_error(entry, NULL);
}

void queue_state_add(struct queue *queue, struct pending *entry)
{
	entry->id = ++queue->last_id;
	entries_add(&queue->entries, entry);
	queue->states[entry->state]++;
}

void queue_state_remove(struct queue *queue, struct pending *entry)
{
	entries_take_out(&queue->entries, entry);
	queue->states[entry->state]--;
	entry->removed = true;
	if (entry->handed) {
		entry->next_gone = queue->gone;
		queue->gone = entry;
	}
	queue_state_change(queue);
}

void queue_state_replace(struct queue *queue, const struct pending *by)
{
	struct pending *next, *rival = entries_rival(&queue->entries, by, NULL);
	for (; rival; rival = next) {
		next = entries_rival(&queue->entries, by, rival);
		if (rival->named < by->named && rival->state != QUEUE_RUNNING) {
			rival->replaced = true;
			queue_state_remove(queue, rival);
		}
	}
}

bool queue_state_written(const struct queue *queue, const struct pending *entry)
{
	return entry->born <= queue->written;
}

bool queue_state_rivalled(const struct queue *queue, const struct pending *entry, bool running)
{
	const struct pending *rival = entries_rival(&queue->entries, entry, NULL);
	for (; rival; rival = entries_rival(&queue->entries, entry, rival))
		if (running ? rival->state == QUEUE_RUNNING
			    : rival->named > entry->named && queue_state_written(queue, rival))
			return true;
	return false;
}
