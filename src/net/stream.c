/*
 * The reader drives the transfer: no other thread touches the handle while a download is open, and
 * a slow reader simply leaves the server waiting. So the ring bounds the memory, whatever the size
 * of the blob.
 *
 * While the reader waits the ring is empty, so incoming bytes go straight into the reader's memory,
 * and only the rest of a step goes into the ring. A larger ring gains nothing: it no longer fits
 * the processor's cache.
 */
#include "net/stream.h"

#include "base/arena.h"
#include "base/clock.h"
#include "net/handle.h"

#include <string.h>

enum { RING_MIN = 64 * 1024, RING_MAX = 256 * 1024 };

struct stream {
	struct reader reader;
	struct arena *arena;
	struct handle *handle;
	void (*release)(void *ctx, struct handle *handle);
	void *ctx;
	bool paused;
	bool failed; /* the transfer failed, for the reason in failure; earlier bytes are good */
	struct error failure;
	/* of the ring: offset of the first byte, bytes in use, capacity */
	size_t start, used, size;
	char *ring;
	char *target; /* memory of the waiting reader, for bytes that bypass the ring; or NULL */
	size_t target_size, target_used;
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void put_ring(struct stream *stream, const char *bytes, size_t len)
{
	size_t end = (stream->start + stream->used) % stream->size;
	size_t first = min_size(len, stream->size - end);
	memcpy(stream->ring + end, bytes, first);
	memcpy(stream->ring, bytes + first, len - first);
	stream->used += len;
}

bool stream_put(struct stream *stream, const void *bytes, size_t len)
{
	size_t direct = 0;
	if (stream->target)
		direct = min_size(len, stream->target_size - stream->target_used);
	if (len - direct > stream->size - stream->used) {
		stream->paused = true;
		return false;
	}
	if (direct)
		memcpy(stream->target + stream->target_used, bytes, direct);
	stream->target_used += direct;
	put_ring(stream, (const char *)bytes + direct, len - direct);
	return true;
}

bool stream_failed(struct stream *stream, const struct error *reason)
{
	stream->failed = true;
	stream->failure = *reason;
	return stream->used > 0;
}

static size_t take(struct stream *stream, char *at, size_t size)
{
	size_t len = min_size(size, stream->used);
	size_t first = min_size(len, stream->size - stream->start);
	memcpy(at, stream->ring + stream->start, first);
	memcpy(at + first, stream->ring, len - first);
	stream->start = (stream->start + len) % stream->size;
	stream->used -= len;
	return len;
}

static bool resume(struct stream *stream, struct error *err)
{
	if (!stream->paused || stream->used > stream->size / 2)
		return true;
	stream->paused = false;
	if (curl_easy_pause(stream->handle->easy, CURLPAUSE_CONT) != CURLE_OK)
		return error_set(err, ERROR_NETWORK, "the download cannot be resumed");
	return true;
}

/* Waits with an empty ring; the first bytes go straight to the reader. Returns their number. */
static size_t wait_for_bytes(struct stream *stream, char *at, size_t size)
{
	/* The time the reader took does not count as silence of the server. */
	stream->handle->last_progress = clock_ms();
	stream->target = at;
	stream->target_size = size;
	stream->target_used = 0;
	while (!stream->target_used && !stream->failed && !stream->handle->finished)
		stream->failed = !resume(stream, &stream->failure) ||
				 !handle_step(stream->handle, &stream->failure);
	stream->target = NULL;
	return stream->target_used;
}

static bool pull(struct reader *reader, void *at, size_t size, size_t *got, struct error *err)
{
	struct stream *stream = (struct stream *)reader;
	*got = stream->used ? take(stream, at, size) : wait_for_bytes(stream, at, size);
	if (!*got && stream->failed) {
		*err = stream->failure;
		return false;
	}
	stream->failed = stream->failed || !resume(stream, &stream->failure);
	return true;
}

static void close_reader(struct reader *reader)
{
	struct stream *stream = (struct stream *)reader;
	stream_close(&stream);
}

struct stream *stream_new(struct handle *handle, int64_t size_hint,
			  void (*release)(void *ctx, struct handle *handle), void *ctx)
{
	struct arena *arena = arena_new();
	struct stream *stream = arena ? arena_new_of(arena, struct stream) : NULL;
	size_t size = size_hint > 0 && size_hint < RING_MAX ? (size_t)size_hint : RING_MAX;
	if (size < RING_MIN)
		size = RING_MIN;
	char *ring = stream ? arena_alloc(arena, size) : NULL;
	if (!ring) {
		arena_free(&arena);
		return NULL;
	}
	*stream = (struct stream){.reader = {.read = pull, .close = close_reader},
				  .arena = arena,
				  .handle = handle,
				  .release = release,
				  .ctx = ctx,
				  .ring = ring,
				  .size = size};
	return stream;
}

struct reader *stream_reader(struct stream *stream)
{
	return &stream->reader;
}

void stream_close(struct stream **stream)
{
	if (!*stream)
		return;
	struct arena *arena = (*stream)->arena;
	handle_stop((*stream)->handle);
	(*stream)->release((*stream)->ctx, (*stream)->handle);
	*stream = NULL;
	arena_free(&arena);
}
