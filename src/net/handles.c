/*
 * One list for all lines, the most recently used first: it is short, and the oldest handle is the
 * one to drop.
 */
#include "net/handles.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/map.h"

enum {
	IDLE_MAX = 64,    /* idle connections to keep: each takes a descriptor and about 64 KiB */
	PATIENCE_MS = 50, /* longest wait, also while the cost of a connection is not known */
};

struct handles_line {
	pthread_cond_t changed;
	unsigned brief;    /* number of brief exchanges under way */
	unsigned opening;  /* how many of them are opening a connection */
	unsigned opened;   /* connections so far */
	int64_t opened_ms; /* how long opening the last one took; 0: not known */
};

struct handles {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the members below, and arena */
	struct handle *idle;
	struct map lines;
};

struct handles *handles_new(void)
{
	struct arena *arena = arena_new();
	struct handles *handles = arena ? arena_new_of(arena, struct handles) : NULL;
	if (!handles) {
		arena_free(&arena);
		return NULL;
	}
	handles->arena = arena;
	pthread_mutex_init(&handles->lock, NULL);
	return handles;
}

void handles_close_idle(struct handles *handles)
{
	pthread_mutex_lock(&handles->lock);
	struct handle *idle = handles->idle;
	handles->idle = NULL;
	pthread_mutex_unlock(&handles->lock);
	while (idle) {
		struct handle *handle = idle;
		idle = handle->next;
		handle_free(&handle);
	}
}

void handles_free(struct handles **handles)
{
	if (!*handles)
		return;
	struct arena *arena = (*handles)->arena;
	handles_close_idle(*handles);
	for (size_t i = 0; i < (*handles)->lines.count; i++) {
		struct handles_line *line = (*handles)->lines.entries[i].value;
		pthread_cond_destroy(&line->changed);
	}
	map_finish(&(*handles)->lines);
	pthread_mutex_destroy(&(*handles)->lock);
	*handles = NULL;
	arena_free(&arena);
}

/* Adds a line. Caller holds the lock. */
static struct handles_line *add_line(struct handles *handles, const char *key)
{
	struct handles_line *line = arena_new_of(handles->arena, struct handles_line);
	if (!line || !map_put(&handles->lines, str_of(key), line))
		return NULL;
	cond_init(&line->changed);
	return line;
}

struct handles_line *handles_line(struct handles *handles, const char *key)
{
	pthread_mutex_lock(&handles->lock);
	struct handles_line *line = map_get(&handles->lines, str_of(key));
	if (!line)
		line = add_line(handles, key);
	pthread_mutex_unlock(&handles->lock);
	return line;
}

/* Takes the line's most recently used handle out of the list; NULL: none. Caller holds the lock. */
static struct handle *take_idle(struct handles *handles, const struct handles_line *line)
{
	for (struct handle **at = &handles->idle; *at; at = &(*at)->next) {
		struct handle *found = *at;
		if (found->turn.line != line)
			continue;
		*at = found->next;
		return found;
	}
	return NULL;
}

/* How long to wait for a free connection before opening one. */
static int64_t worth_ms(const struct handles_line *line)
{
	int64_t worth = 2 * line->opened_ms;
	return worth && worth < PATIENCE_MS ? worth : PATIENCE_MS;
}

/*
 * Waits for twice the time it takes to open a connection, and again whenever another thread opened
 * one, so that threads that begin together do not all open one; PATIENCE_MS at most. Caller holds
 * the lock.
 */
static struct handle *wait_for_idle(struct handles *handles, struct handles_line *line)
{
	struct handle *handle = NULL;
	int64_t now = clock_ms(), last = now + PATIENCE_MS, until = now + worth_ms(line);
	unsigned opened = line->opened;
	while (!handle && line->brief && now < last && (line->opening || now < until)) {
		int64_t end = line->opening || until > last ? last : until;
		cond_wait_ms(&line->changed, &handles->lock, end - now);
		handle = take_idle(handles, line);
		now = clock_ms();
		if (opened != line->opened)
			until = now + worth_ms(line);
		opened = line->opened;
	}
	return handle;
}

struct handle *handles_begin(struct handles *handles, struct handle_turn *turn)
{
	struct handles_line *line = turn->line;
	pthread_mutex_lock(&handles->lock);
	struct handle *handle = take_idle(handles, line);
	if (!handle)
		handle = wait_for_idle(handles, line);
	turn->opens = turn->brief && !handle;
	line->brief += turn->brief;
	line->opening += turn->opens;
	pthread_mutex_unlock(&handles->lock);
	return handle;
}

/* Takes out the handle that was idle longest, if there are too many. Caller holds the lock. */
static struct handle *take_surplus(struct handles *handles)
{
	struct handle **at = &handles->idle;
	for (size_t count = 0; *at && (*at)->next; at = &(*at)->next)
		if (++count >= IDLE_MAX) {
			struct handle *last = (*at)->next;
			(*at)->next = last->next;
			return last;
		}
	return NULL;
}

/* How long the exchange that just ended took to open its connection; 0: it opened none. */
static int64_t opened_by(const struct handle *handle)
{
	long opened = 0;
	curl_off_t us = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &opened);
	if (opened)
		curl_easy_getinfo(handle->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return (us + 999) / 1000;
}

void handles_end(struct handles *handles, const struct handle_turn *turn, struct handle *handle)
{
	struct handles_line *line = turn->line;
	int64_t opened_ms = handle ? opened_by(handle) : 0;
	struct handle *surplus = handle && handle->broken ? handle : NULL;
	pthread_mutex_lock(&handles->lock);
	if (opened_ms)
		line->opened_ms = opened_ms;
	line->brief -= turn->brief;
	line->opening -= turn->opens;
	line->opened += turn->opens;
	if (handle && !surplus) {
		handle->next = handles->idle;
		handles->idle = handle;
		surplus = take_surplus(handles);
	}
	pthread_cond_signal(&line->changed);
	pthread_mutex_unlock(&handles->lock);
	handle_free(&surplus);
}
