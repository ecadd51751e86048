/*
 * Slots are claimed under a mutex a few times per blob; the hot path is one atomic addition. Images
 * share layers, so what is to be sent is a set of blobs for each server.
 */
#include "plan/progress.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct slot {
	bool used;
	struct progress_transfer transfer; /* done excepted */
	_Atomic int64_t done;
};

/* What is known of a blob at a server; NULL: nothing. */
static const char awaited[] = "awaited", settled[] = "settled";

struct progress {
	struct arena *arena;
	_Atomic int64_t bytes, requests_source, requests_target;
	pthread_mutex_t lock;
	struct map blobs;
	int64_t left; /* bytes of all blobs that are awaited */
	size_t sized;
	char first[PROGRESS_NAME_SIZE]; /* the first host that a blob went to */
	bool several;
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
	map_finish(&(*progress)->blobs);
	pthread_mutex_destroy(&(*progress)->lock);
	*progress = NULL;
	arena_free(&arena);
}

enum { KEY_SIZE = 64 };

/* Half of a digest tells blobs apart well enough for figures. */
static struct str key_of(const void *server, const char *digest, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%p %.39s", server, digest);
	return str_of(key);
}

void progress_expect(struct progress *progress, const void *server, const char *digest,
		     int64_t size)
{
	char text[KEY_SIZE];
	struct str key = key_of(server, digest, text);
	pthread_mutex_lock(&progress->lock);
	bool fits = size > 0 && size <= INT64_MAX - progress->left;
	if (fits && !map_get(&progress->blobs, key) &&
	    map_put(&progress->blobs, key, (void *)(uintptr_t)awaited))
		progress->left += size;
	pthread_mutex_unlock(&progress->lock);
}

void progress_settle(struct progress *progress, const void *server, const char *digest,
		     int64_t size, bool there)
{
	char text[KEY_SIZE];
	struct str key = key_of(server, digest, text);
	pthread_mutex_lock(&progress->lock);
	if (map_get(&progress->blobs, key) == awaited) {
		progress->left -= size < progress->left ? size : progress->left;
		map_put(&progress->blobs, key, there ? (void *)(uintptr_t)settled : NULL);
	}
	pthread_mutex_unlock(&progress->lock);
}

void progress_sized(struct progress *progress, int change)
{
	pthread_mutex_lock(&progress->lock);
	progress->sized += (size_t)change;
	pthread_mutex_unlock(&progress->lock);
}

/* Copies text, or its end. */
static void copy_end(char out[PROGRESS_NAME_SIZE], const char *text)
{
	size_t len = strlen(text), most = PROGRESS_NAME_SIZE - 1;
	size_t cut = len > most ? len - most : 0;
	memcpy(out, text + cut, len - cut + 1);
}

static void describe(const struct progress_blob *blob, struct progress_transfer *out)
{
	const struct reference *source = blob->source;
	const char *colon = strchr(blob->digest, ':');
	char name[REFERENCE_PATH_MAX + REFERENCE_TAG_MAX + 2];
	if (source->tag || !source->digest)
		snprintf(name, sizeof(name), "%s:%s", source->repository, reference_target(source));
	else
		snprintf(name, sizeof(name), "%s@%.19s", source->repository, source->digest);
	copy_end(out->image, name);
	copy_end(out->to, blob->to);
	snprintf(out->blob, sizeof(out->blob), "%s", colon ? colon + 1 : blob->digest);
	out->size = blob->size;
	out->since_ms = clock_ms();
}

/* Caller holds the lock. */
static void note_host(struct progress *progress, const char *host)
{
	if (!*progress->first)
		copy_end(progress->first, host);
	else if (strcmp(progress->first, host) != 0)
		progress->several = true;
}

int progress_begin(struct progress *progress, const struct progress_blob *blob)
{
	int found = -1;
	struct progress_transfer transfer = {0};
	describe(blob, &transfer);
	pthread_mutex_lock(&progress->lock);
	note_host(progress, transfer.to);
	for (int i = 0; i < PROGRESS_TRANSFERS && found < 0; i++) {
		struct slot *slot = &progress->slots[i];
		if (slot->used)
			continue;
		slot->used = true;
		slot->transfer = transfer;
		atomic_store(&slot->done, 0);
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
	view->left = progress->left;
	view->sized = progress->sized;
	view->several = progress->several;
	for (int i = 0; i < PROGRESS_TRANSFERS; i++) {
		const struct slot *slot = &progress->slots[i];
		if (!slot->used)
			continue;
		struct progress_transfer transfer = slot->transfer;
		transfer.done = atomic_load(&slot->done);
		int64_t sent = transfer.done < transfer.size ? transfer.done : transfer.size;
		view->left -= sent < view->left ? sent : view->left;
		insert_by_age(view, &transfer);
	}
	pthread_mutex_unlock(&progress->lock);
}
