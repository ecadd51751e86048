/*
 * Runs that store one state do not wait for each other. Each keeps all of it in memory, and marks
 * what it has changed. Before it stores anything, it reads what is stored by then: the earliest
 * time counts for what was seen, the latest for what was written, and what it read before but finds
 * no more was removed by another run.
 *
 * That something was met is stored once a day, so that a run in which nothing happens changes
 * nothing, and has nothing to store.
 */
#include "state/state_private.h"

#include "oci/digest.h"

#include <string.h>

enum { DAY = 24 * 60 * 60 };

struct sync_state *state_new(void)
{
	struct arena *arena = arena_new();
	struct sync_state *state = arena ? arena_new_of(arena, struct sync_state) : NULL;
	struct hints *hints = state ? hints_new() : NULL;
	if (!hints) {
		arena_free(&arena);
		return NULL;
	}
	state->arena = arena;
	state->hints = hints;
	pthread_mutex_init(&state->lock, NULL);
	return state;
}

void state_free(struct sync_state **state)
{
	if (!*state)
		return;
	struct arena *arena = (*state)->arena;
	hints_free(&(*state)->hints);
	map_finish(&(*state)->seen);
	map_finish(&(*state)->written);
	pthread_mutex_destroy(&(*state)->lock);
	*state = NULL;
	arena_free(&arena);
}

struct hints *state_hints(struct sync_state *state)
{
	return state->hints;
}

/* --- the maps ------------------------------------------------------------------------------- */

static bool has_room(struct sync_state *state, const struct map *map)
{
	if (map->count < STATE_MAX)
		return true;
	state->full = true;
	return false;
}

struct seen *state_put_seen(struct sync_state *state, struct str key)
{
	struct seen *seen =
		has_room(state, &state->seen) ? arena_new_of(state->arena, struct seen) : NULL;
	return seen && map_put(&state->seen, key, seen) ? seen : NULL;
}

struct written *state_put_written(struct sync_state *state, struct str key,
				  const struct reference *destination)
{
	struct written *written = has_room(state, &state->written)
					  ? arena_new_of(state->arena, struct written)
					  : NULL;
	if (!written)
		return NULL;
	struct reference *copy = &written->tag.destination;
	written->removed = true;
	copy->host = arena_string(state->arena, destination->host);
	copy->repository = arena_string(state->arena, destination->repository);
	copy->tag = arena_string(state->arena, destination->tag);
	bool whole = copy->host && copy->repository && copy->tag;
	return whole && map_put(&state->written, key, written) ? written : NULL;
}

static bool set_text(struct arena *arena, const char **to, const char *from)
{
	if (*to && from && strcmp(*to, from) == 0)
		return true;
	*to = from ? arena_string(arena, from) : NULL;
	return !from || *to;
}

bool state_set_written(struct sync_state *state, struct written *to, const struct written_tag *from)
{
	struct written_tag tag = to->tag;
	if (!set_text(state->arena, &tag.digest, from->digest) ||
	    !set_text(state->arena, &tag.source, from->source))
		return false;
	tag.when = from->when;
	tag.met = from->met;
	to->tag = tag;
	to->removed = false;
	return true;
}

/* --- what runs tell ------------------------------------------------------------------------- */

/* A time that is stored once a day. Caller holds the lock. */
static void touch(struct sync_state *state, int64_t *time, int64_t now, uint64_t *change)
{
	if (now - *time < DAY)
		return;
	*time = now;
	*change = ++state->changes;
}

int64_t state_see(struct sync_state *state, const struct reference *source, const char *digest,
		  int64_t now, bool *kept)
{
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%s/%s@%s", source->host, source->repository, digest);
	*kept = false;
	if (!buf_ok(&key))
		return now;
	pthread_mutex_lock(&state->lock);
	struct seen *seen = map_get(&state->seen, buf_str(&key));
	if (seen) {
		touch(state, &seen->last, now, &seen->change);
	} else {
		seen = state_put_seen(state, buf_str(&key));
		if (seen)
			*seen = (struct seen){now, now, ++state->changes, 0};
	}
	*kept = seen != NULL;
	int64_t first = seen ? seen->first : now;
	pthread_mutex_unlock(&state->lock);
	return first;
}

static bool print_tag(const struct reference *destination, struct buf *key)
{
	buf_printf(key, "%s/%s:%s", destination->host, destination->repository,
		   destination->tag ? destination->tag : "");
	return destination->tag && buf_ok(key);
}

void state_wrote(struct sync_state *state, const struct written_tag *given)
{
	scoped(buf_finish) struct buf key = {0};
	struct written_tag tag = *given;
	tag.met = tag.when;
	if (!print_tag(&given->destination, &key))
		return;
	pthread_mutex_lock(&state->lock);
	struct written *written = map_get(&state->written, buf_str(&key));
	if (!written)
		written = state_put_written(state, buf_str(&key), &given->destination);
	if (written && state_set_written(state, written, &tag))
		written->change = ++state->changes;
	pthread_mutex_unlock(&state->lock);
}

/* The entry of a tag that was not removed, with the lock held until release(); or NULL, without. */
static struct written *hold(struct sync_state *state, const struct reference *destination)
{
	scoped(buf_finish) struct buf key = {0};
	if (!print_tag(destination, &key))
		return NULL;
	pthread_mutex_lock(&state->lock);
	struct written *written = map_get(&state->written, buf_str(&key));
	if (written && !written->removed)
		return written;
	pthread_mutex_unlock(&state->lock);
	return NULL;
}

static void release(struct sync_state *state)
{
	pthread_mutex_unlock(&state->lock);
}

void state_met(struct sync_state *state, const struct reference *destination, int64_t now)
{
	struct written *written = hold(state, destination);
	if (!written)
		return;
	touch(state, &written->tag.met, now, &written->change);
	release(state);
}

void state_removed(struct sync_state *state, const struct reference *destination, int64_t now)
{
	struct written *written = hold(state, destination);
	if (!written)
		return;
	written->removed = true;
	written->tag.when = now;
	written->change = ++state->changes;
	release(state);
}

bool state_written(struct sync_state *state, const struct reference *destination,
		   struct written_tag *out)
{
	struct written *written = hold(state, destination);
	if (!written)
		return false;
	*out = written->tag;
	release(state);
	return true;
}

static bool is_below(const struct reference *name, const char *host, const char *repository)
{
	size_t len = strlen(repository);
	if (strcmp(name->host, host) != 0 || strncmp(name->repository, repository, len) != 0)
		return false;
	return !len || name->repository[len] == '\0' || name->repository[len] == '/';
}

bool state_written_below(struct sync_state *state, const char *host, const char *repository,
			 struct arena *arena, struct written_tag **list, size_t *count)
{
	*count = 0;
	pthread_mutex_lock(&state->lock);
	*list = arena_array(arena, state->written.count + 1, sizeof(**list));
	for (size_t i = 0; *list && i < state->written.count; i++) {
		const struct written *written = state->written.entries[i].value;
		if (written && !written->removed &&
		    is_below(&written->tag.destination, host, repository))
			(*list)[(*count)++] = written->tag;
	}
	pthread_mutex_unlock(&state->lock);
	return *list != NULL;
}

/* --- what others have stored ---------------------------------------------------------------- */

static bool absorb_seen(struct sync_state *state, const struct map_entry *entry)
{
	const struct str key = {entry->key, entry->len};
	const struct seen *theirs = entry->value;
	struct seen *ours = map_get(&state->seen, key);
	if (!ours) {
		ours = state_put_seen(state, key);
		if (!ours)
			return state->full;
		*ours = *theirs;
	}
	if (theirs->first < ours->first)
		ours->first = theirs->first;
	if (theirs->last > ours->last)
		ours->last = theirs->last;
	ours->readings = state->readings;
	return true;
}

static bool absorb_written(struct sync_state *state, const struct map_entry *entry)
{
	const struct str key = {entry->key, entry->len};
	const struct written *theirs = entry->value;
	struct written *ours = map_get(&state->written, key);
	bool newer = !ours || theirs->tag.when > ours->tag.when;
	if (!ours)
		ours = state_put_written(state, key, &theirs->tag.destination);
	if (!ours)
		return state->full;
	if (newer && !state_set_written(state, ours, &theirs->tag))
		return false;
	if (theirs->tag.met > ours->tag.met)
		ours->tag.met = theirs->tag.met;
	ours->readings = state->readings;
	return true;
}

/* What was not found in the reading is forgotten, unless it is a change that is not stored. */
static void forget_rest(struct sync_state *state)
{
	for (size_t i = 0; i < state->seen.count; i++) {
		struct map_entry *entry = &state->seen.entries[i];
		const struct seen *seen = entry->value;
		if (seen && seen->change <= state->stored && seen->readings < state->readings)
			entry->value = NULL;
	}
	for (size_t i = 0; i < state->written.count; i++) {
		struct map_entry *entry = &state->written.entries[i];
		const struct written *written = entry->value;
		if (written && written->change <= state->stored &&
		    written->readings < state->readings)
			entry->value = NULL;
	}
}

/* Caller holds the lock. */
static bool absorb(struct sync_state *state, const struct sync_state *from)
{
	state->readings++;
	for (size_t i = 0; i < from->seen.count; i++)
		if (!absorb_seen(state, &from->seen.entries[i]))
			return false;
	for (size_t i = 0; i < from->written.count; i++)
		if (!absorb_written(state, &from->written.entries[i]))
			return false;
	forget_rest(state);
	return true;
}

bool state_read(struct sync_state *state, struct str text, int64_t now, struct error *err)
{
	scoped(state_free) struct sync_state *from = state_new();
	if (!from)
		return error_memory(err);
	if (!state_document_read(from, text, now, err))
		return false;
	pthread_mutex_lock(&state->lock);
	bool ok = absorb(state, from);
	pthread_mutex_unlock(&state->lock);
	return (ok && hints_absorb(state->hints, from->hints)) || error_memory(err);
}

/* --- storing -------------------------------------------------------------------------------- */

void state_write(struct sync_state *state, struct buf *out)
{
	pthread_mutex_lock(&state->lock);
	state->in_text = state->changes;
	state->hints_in_text = hints_changes(state->hints);
	state_document_write(state, out);
	pthread_mutex_unlock(&state->lock);
}

void state_stored(struct sync_state *state)
{
	pthread_mutex_lock(&state->lock);
	state->stored = state->in_text;
	state->hints_stored = state->hints_in_text;
	pthread_mutex_unlock(&state->lock);
}

bool state_changed(struct sync_state *state)
{
	pthread_mutex_lock(&state->lock);
	bool changed =
		state->changes > state->stored || hints_changes(state->hints) > state->hints_stored;
	pthread_mutex_unlock(&state->lock);
	return changed;
}

bool state_full(struct sync_state *state)
{
	pthread_mutex_lock(&state->lock);
	bool full = state->full;
	pthread_mutex_unlock(&state->lock);
	return full;
}
