/* Slots are claimed under a mutex a few times per blob; the hot path is one atomic addition. */
#include "plan/progress.h"

#include "base/arena.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

struct slot {
	bool used;
	char label[PROGRESS_LABEL_SIZE];
	int64_t size, since_ms;
	_Atomic int64_t done;
};

struct progress {
	struct arena *arena;
	_Atomic int64_t bytes, requests_source, requests_target;
	pthread_mutex_t lock;
	struct slot slots[PROGRESS_TRANSFERS];
};

struct progress *progress_new(void)
{
	struct arena *arena = arena_new();
	struct progress *progress = arena ? arena_new_of(arena, struct progress) : NULL;
	if (!progress) {
		arena_free(&arena);
		return NULL;
	}
	progress->arena = arena;
	pthread_mutex_init(&progress->lock, NULL);
	return progress;
}

void progress_free(struct progress **progress)
{
	if (!*progress)
		return;
	struct arena *arena = (*progress)->arena;
	pthread_mutex_destroy(&(*progress)->lock);
	*progress = NULL;
	arena_free(&arena);
}

int progress_begin(struct progress *progress, const char *label, int64_t size)
{
	int found = -1;
	pthread_mutex_lock(&progress->lock);
	for (int i = 0; i < PROGRESS_TRANSFERS && found < 0; i++) {
		struct slot *slot = &progress->slots[i];
		if (slot->used)
			continue;
		slot->used = true;
		slot->size = size;
		slot->since_ms = clock_ms();
		atomic_store(&slot->done, 0);
		snprintf(slot->label, sizeof(slot->label), "%s", label);
		found = i;
	}
	pthread_mutex_unlock(&progress->lock);
	return found;
}

void progress_advance(struct progress *progress, int slot, int64_t bytes)
{
	atomic_fetch_add(&progress->bytes, bytes);
	if (slot >= 0)
		atomic_fetch_add(&progress->slots[slot].done, bytes);
}

void progress_end(struct progress *progress, int slot)
{
	if (slot < 0)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->slots[slot].used = false;
	pthread_mutex_unlock(&progress->lock);
}

void progress_request(struct progress *progress, bool target)
{
	atomic_fetch_add(target ? &progress->requests_target : &progress->requests_source, 1);
}

static void insert_by_age(struct progress_view *view, const struct progress_transfer *transfer)
{
	unsigned at = view->transfers++;
	while (at > 0 && view->transfer[at - 1].since_ms > transfer->since_ms) {
		view->transfer[at] = view->transfer[at - 1];
		at--;
	}
	view->transfer[at] = *transfer;
}

void progress_view(struct progress *progress, struct progress_view *view)
{
	view->bytes = atomic_load(&progress->bytes);
	view->requests_source = atomic_load(&progress->requests_source);
	view->requests_target = atomic_load(&progress->requests_target);
	view->transfers = 0;
	pthread_mutex_lock(&progress->lock);
	for (int i = 0; i < PROGRESS_TRANSFERS; i++) {
		const struct slot *slot = &progress->slots[i];
		struct progress_transfer transfer = {.size = slot->size,
						     .since_ms = slot->since_ms};
		if (!slot->used)
			continue;
		transfer.done = atomic_load(&slot->done);
		snprintf(transfer.label, sizeof(transfer.label), "%s", slot->label);
		insert_by_age(view, &transfer);
	}
	pthread_mutex_unlock(&progress->lock);
}
