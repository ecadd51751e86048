/*
 * A flow has no reader thread. The first reader that finds the ring empty reads from the source
 * itself, unlocked, into ring space that no cursor still needs. So the source is read as fast as
 * the fastest reader asks, and not at all while none asks.
 *
 * A slow reader and a fast one share a download as long as that is cheaper than two downloads: the
 * slow one may hold up the others for a quarter of the time, so that small hiccups do not add up
 * over a large blob, and for its grace beyond that.
 */
#include "copy/share/flow.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"

#include <string.h>

enum {
	PIECE_MAX = 128 * 1024, /* bytes of one read from the source, while the others wait */
	HELD_PART = 4,          /* a reader may hold up the others for 1/HELD_PART of the time */
};

struct flow {
	struct arena *arena;
	struct flow_source source;
	pthread_mutex_t lock; /* guards the members below, and all cursors */
	pthread_cond_t changed;
	struct flow_cursor *cursors;
	int64_t begun_ms; /* clock_ms() at the beginning */
	int64_t head;     /* bytes read from the source */
	int64_t reach;    /* the largest head that the read in progress may lead to; else head */
	bool reading;     /* a thread reads from the source, unlocked */
	bool ended;       /* source.end was called */
	bool failed;      /* the source failed, for the reason in failure */
	struct error failure;
	int64_t size; /* size of ring in bytes */
	char *ring;
};

struct flow *flow_new(const struct flow_source *source)
{
	struct arena *arena = arena_new();
	struct flow *flow = arena ? arena_new_of(arena, struct flow) : NULL;
	int64_t size = source->size < FLOW_RING_MAX ? source->size : FLOW_RING_MAX;
	char *ring = flow ? arena_alloc(arena, (size_t)size) : NULL;
	if (!ring) {
		arena_free(&arena);
		return NULL;
	}
	*flow = (struct flow){.arena = arena,
			      .source = *source,
			      .begun_ms = clock_ms(),
			      .size = size,
			      .ring = ring};
	pthread_mutex_init(&flow->lock, NULL);
	cond_init(&flow->changed);
	return flow;
}

void flow_free(struct flow **flow)
{
	if (!*flow)
		return;
	struct arena *arena = (*flow)->arena;
	pthread_cond_destroy(&(*flow)->changed);
	pthread_mutex_destroy(&(*flow)->lock);
	*flow = NULL;
	arena_free(&arena);
}

bool flow_open(struct flow *flow)
{
	pthread_mutex_lock(&flow->lock);
	bool open = flow->reach <= flow->size && !flow->failed;
	pthread_mutex_unlock(&flow->lock);
	return open;
}

bool flow_join(struct flow *flow, struct flow_cursor *cursor)
{
	pthread_mutex_lock(&flow->lock);
	cursor->joined = flow->reach <= flow->size && !flow->failed;
	if (cursor->joined) {
		cursor->next = flow->cursors;
		flow->cursors = cursor;
	}
	pthread_mutex_unlock(&flow->lock);
	return cursor->joined;
}

/*
 * How many milliseconds the others have waited for the reader, less its part of the time. Caller
 * holds the lock.
 */
static int64_t excess(const struct flow *flow, const struct flow_cursor *cursor)
{
	int64_t now = clock_ms();
	int64_t held = cursor->held_ms + (cursor->held_since ? now - cursor->held_since : 0);
	return held - (now - flow->begun_ms) / HELD_PART;
}

int64_t flow_leave(struct flow *flow, struct flow_cursor *cursor)
{
	pthread_mutex_lock(&flow->lock);
	int64_t over = excess(flow, cursor);
	for (struct flow_cursor **at = &flow->cursors; *at; at = &(*at)->next) {
		if (*at != cursor)
			continue;
		*at = cursor->next;
		break;
	}
	cursor->joined = false;
	pthread_cond_broadcast(&flow->changed);
	pthread_mutex_unlock(&flow->lock);
	return over > 0 ? over : 0;
}

/* --- caller holds the lock ------------------------------------------------------------------- */

/* The reader that is furthest behind, dropped ones excepted; NULL: there is none. */
static struct flow_cursor *find_last(const struct flow *flow)
{
	struct flow_cursor *last = NULL;
	for (struct flow_cursor *at = flow->cursors; at; at = at->next)
		if (!at->dropped && (!last || at->offset < last->offset))
			last = at;
	return last;
}

/* The bytes that can be read without overwriting any that a reader still needs. */
static int64_t room(const struct flow *flow)
{
	const struct flow_cursor *last = find_last(flow);
	return last ? flow->size - (flow->head - last->offset) : flow->size;
}

/* Reads at most that many bytes from the source, for all readers. */
static void read_on(struct flow *flow, int64_t most)
{
	int64_t start = flow->head % flow->size;
	struct error failure;
	size_t got = 0;
	if (most > flow->size - start)
		most = flow->size - start;
	if (most > flow->source.size - flow->head)
		most = flow->source.size - flow->head;
	if (most > PIECE_MAX)
		most = PIECE_MAX;
	flow->reading = true;
	flow->reach = flow->head + most;
	pthread_mutex_unlock(&flow->lock);
	struct reader *reader = flow->source.reader;
	bool ok = reader->read(reader, flow->ring + start, (size_t)most, &got, &failure);
	if (ok && !got)
		ok = error_set(&failure, ERROR_CORRUPT, "the source ended early");
	pthread_mutex_lock(&flow->lock);
	flow->reading = false;
	flow->failed = !ok;
	if (ok)
		flow->head += (int64_t)got;
	else
		flow->failure = failure;
	flow->reach = flow->head;
	pthread_cond_broadcast(&flow->changed);
}

/* The ring is full: waits for the reader that is furthest behind, or drops it. */
static void wait_for_last(struct flow *flow)
{
	struct flow_cursor *last = find_last(flow);
	if (!last)
		return;
	if (!last->held_since)
		last->held_since = clock_ms();
	int64_t left = last->grace_ms - excess(flow, last);
	if (left <= 0)
		last->dropped = true;
	else
		cond_wait_ms(&flow->changed, &flow->lock, left);
}

/* Waits until there are bytes for the reader, or it has all. False: see flow_read(). */
static bool await_bytes(struct flow *flow, const struct flow_cursor *cursor, struct error *err)
{
	while (!cursor->dropped && cursor->offset == flow->head &&
	       cursor->offset < flow->source.size && !flow->failed) {
		int64_t most = room(flow);
		if (flow->reading)
			pthread_cond_wait(&flow->changed, &flow->lock);
		else if (most > 0)
			read_on(flow, most);
		else
			wait_for_last(flow);
	}
	if (cursor->dropped)
		return error_set(err, ERROR_NETWORK, "too slow for the other destinations");
	if (cursor->offset < flow->head || cursor->offset == flow->source.size)
		return true;
	*err = flow->failure;
	return false;
}

/* Copies to the reader the bytes that there are for it, at most size; returns their number. */
static size_t take(struct flow *flow, struct flow_cursor *cursor, char *at, size_t size)
{
	int64_t start = cursor->offset % flow->size;
	int64_t len = flow->head - cursor->offset;
	if (len > (int64_t)size)
		len = (int64_t)size;
	size_t first = (size_t)(len < flow->size - start ? len : flow->size - start);
	memcpy(at, flow->ring + start, first);
	memcpy(at + first, flow->ring, (size_t)len - first);
	cursor->offset += len;
	if (cursor->held_since) {
		cursor->held_ms += clock_ms() - cursor->held_since;
		cursor->held_since = 0;
		pthread_cond_broadcast(&flow->changed);
	}
	return (size_t)len;
}

/* --------------------------------------------------------------------------------------------- */

bool flow_wait(struct flow *flow, struct flow_cursor *cursor, struct error *err)
{
	pthread_mutex_lock(&flow->lock);
	bool ok = await_bytes(flow, cursor, err);
	pthread_mutex_unlock(&flow->lock);
	return ok;
}

bool flow_read(struct flow *flow, struct flow_cursor *cursor, void *at, size_t size, size_t *got,
	       struct error *err)
{
	*got = 0;
	pthread_mutex_lock(&flow->lock);
	bool ok = await_bytes(flow, cursor, err);
	if (ok)
		*got = take(flow, cursor, at, size);
	pthread_mutex_unlock(&flow->lock);
	return ok;
}

/* Ends the source, for the first reader that has all bytes. Caller holds the lock. */
static void call_end(struct flow *flow)
{
	struct error failure;
	flow->ended = true;
	flow->reading = true;
	pthread_mutex_unlock(&flow->lock);
	bool ok = flow->source.end(flow->source.reader, &failure);
	pthread_mutex_lock(&flow->lock);
	flow->reading = false;
	flow->failed = !ok;
	if (!ok)
		flow->failure = failure;
	pthread_cond_broadcast(&flow->changed);
}

bool flow_end(struct flow *flow, struct error *err)
{
	pthread_mutex_lock(&flow->lock);
	while (flow->reading)
		pthread_cond_wait(&flow->changed, &flow->lock);
	if (!flow->ended)
		call_end(flow);
	bool ok = !flow->failed;
	if (!ok)
		*err = flow->failure;
	pthread_mutex_unlock(&flow->lock);
	return ok;
}
