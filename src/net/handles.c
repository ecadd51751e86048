/*
 * One list for all lines, the most recently used first: it is short, and the oldest handle is the
 * one to drop.
 */
#include "net/handles.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/map.h"
#include "net/opening.h"

#include <errno.h>
#include <sys/socket.h>

enum {
	IDLE_MAX = 64, /* idle connections to keep: each takes a descriptor and about 64 KiB */
	ROOM_MS = 10,  /* between two looks for a descriptor, */
	ROOM_LOOKS = 500,
};

/* A thread that waits for a handle of its line. */
struct waiting {
	pthread_cond_t called;
	struct handle *handle; /* the one it was given */
	struct waiting *next;
};

struct handles_line {
	struct waiting *first, **last; /* the longest wait first */
	unsigned brief;                /* number of brief exchanges under way */
	unsigned opening;              /* how many of them are opening a connection */
	unsigned opened;               /* connections so far */
	struct opening_cost worth;
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
	line->last = &line->first;
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

static void leave_queue(struct handles_line *line, struct waiting *waiting)
{
	for (struct waiting **at = &line->first; *at; at = &(*at)->next) {
		if (*at != waiting)
			continue;
		*at = waiting->next;
		if (line->last == &waiting->next)
			line->last = at;
		return;
	}
}

/*
 * Waits as long as opening a connection is not worth it, and again whenever another thread opened
 * one, so that threads that begin together do not all open one; as long as patience lasts. Caller
 * holds the lock.
 */
static struct handle *wait_for_idle(struct handles *handles, struct handles_line *line)
{
	struct waiting self = {.handle = NULL};
	int64_t begun = clock_ms(), now = begun, since = begun;
	unsigned opened = line->opened;
	cond_init(&self.called);
	*line->last = &self;
	line->last = &self.next;
	while (!self.handle && line->brief) {
		int64_t wait = opening_wait_ms(&line->worth);
		int64_t last = begun + opening_patience_ms(&line->worth);
		int64_t end = line->opening && wait ? last : since + wait;
		if (now >= end || now >= last)
			break;
		cond_wait_ms(&self.called, &handles->lock, (end < last ? end : last) - now);
		now = clock_ms();
		if (opened != line->opened)
			since = now;
		opened = line->opened;
	}
	if (!self.handle)
		leave_queue(line, &self);
	pthread_cond_destroy(&self.called);
	return self.handle;
}

/*
 * Hands the handle to the thread that waits longest; false when none does. Caller holds the lock.
 */
static bool hand_over(struct handles_line *line, struct handle *handle)
{
	struct waiting *waiting = line->first;
	if (!waiting)
		return false;
	leave_queue(line, waiting);
	waiting->handle = handle;
	pthread_cond_signal(&waiting->called);
	return true;
}

/* Lets those who wait think again. Caller holds the lock. */
static void call_all(const struct handles_line *line)
{
	for (struct waiting *waiting = line->first; waiting; waiting = waiting->next)
		pthread_cond_signal(&waiting->called);
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

/* Takes out the handle that was idle longest, if there are more. Caller holds the lock. */
static struct handle *take_oldest(struct handles *handles, size_t most)
{
	size_t count = 0;
	struct handle **at = &handles->idle;
	for (; *at && (*at)->next; at = &(*at)->next)
		count++;
	struct handle *last = *at;
	if (count + 1 <= most)
		return NULL;
	*at = NULL;
	return last;
}

static bool close_oldest(struct handles *handles)
{
	pthread_mutex_lock(&handles->lock);
	struct handle *oldest = take_oldest(handles, 0);
	pthread_mutex_unlock(&handles->lock);
	bool closed = oldest != NULL;
	handle_free(&oldest);
	return closed;
}

int handles_socket(struct handles *handles, int family, int type, int protocol, struct error *err)
{
	for (unsigned looks = 0;;) {
		int fd = socket(family, type, protocol);
		if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
			return fd;
		if (close_oldest(handles))
			continue;
		if (looks++ == ROOM_LOOKS) {
			error_set(err, ERROR_NETWORK,
				  "no connection, since too many files are open: raise the limit "
				  "(ulimit -n) or lower --proc");
			return -1;
		}
		if (!cancel_sleep(ROOM_MS)) {
			error_canceled(err);
			return -1;
		}
	}
}

/* Learns from the exchange that just ended. */
static void learn(struct opening_cost *worth, const struct handle_turn *turn,
		  const struct handle *handle)
{
	long opened = 0;
	curl_off_t name = 0, ready = 0, all = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &opened);
	curl_easy_getinfo(handle->easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
	curl_easy_getinfo(handle->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	curl_easy_getinfo(handle->easy, CURLINFO_TOTAL_TIME_T, &all);
	if (turn->brief && ready)
		opening_answered(worth, all - ready);
	if (opened && ready)
		opening_took(worth, handle->distance_us, ready - name);
}

void handles_end(struct handles *handles, const struct handle_turn *turn, struct handle *handle)
{
	struct handles_line *line = turn->line;
	struct handle *surplus = handle && handle->broken ? handle : NULL;
	pthread_mutex_lock(&handles->lock);
	if (handle && !surplus)
		learn(&line->worth, turn, handle);
	line->brief -= turn->brief;
	line->opening -= turn->opens;
	line->opened += turn->opens;
	if (handle && !surplus && !hand_over(line, handle)) {
		handle->next = handles->idle;
		handles->idle = handle;
		surplus = take_oldest(handles, IDLE_MAX);
	}
	if (turn->opens || surplus || !handle)
		call_all(line);
	pthread_mutex_unlock(&handles->lock);
	handle_free(&surplus);
}
