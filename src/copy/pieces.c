/*
 * The reader of a single download drives its connection (net/stream.h). Several connections cannot
 * be driven by a reader that spends its time waiting for an upload, or for the answer to the next
 * request: so each has a thread, which blocks as all code below it does. They live as long as one
 * blob is read, and ask for pieces in the order of their offsets.
 *
 * The threads write into the ring unlocked, each into its own piece. The reader copies unlocked as
 * well: what it has not taken is not overwritten, since no piece begins that would reach it.
 *
 * The reader may be the thread of another image than the one that began the download (fanout.h), so
 * the threads work for the run and not for an image.
 */
#include "copy/pieces.h"

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/thread.h"
#include "copy/download.h"
#include "copy/ladder.h"

#include <string.h>

enum {
	STACK_BYTES = 512 * 1024,
	OPEN_MOST = PIECES_RING / PIECES_SHORTEST, /* pieces in the ring */
	GLANCE_MS = 500, /* a reader that waits looks that often whether the run is to stop */
};

/* A piece that a thread took: being read, complete or broken. */
struct piece {
	int64_t end, filled; /* the byte after its last one, and after the last one that is there */
	bool broken;
};

struct helper {
	struct pieces *pieces;
	unsigned number;
	pthread_t thread;
};

struct pieces {
	struct arena *arena;
	struct pieces_order order;
	char *ring;
	struct cancel stop;    /* of the threads */
	pthread_mutex_t lock;  /* guards the members below */
	pthread_cond_t filled; /* the reader's: there are bytes for it, or there will be none */
	pthread_cond_t room;   /* the threads': a piece may be begun, or none ever will */
	int64_t offset;        /* bytes up to it were taken by the reader */
	int64_t asked;         /* bytes up to it are in pieces */
	int64_t length;        /* of the next pieces */
	unsigned wanted;       /* how many threads may read */
	unsigned idle;         /* threads that wait for room */
	unsigned started;
	bool closing;
	struct pieces_view view;
	struct error failure;
	struct piece piece[OPEN_MOST]; /* number n is at n % OPEN_MOST */
	unsigned first, next;          /* numbers of the oldest piece and of the next one */
	struct helper helpers[LADDER_MOST];
};

struct pieces *pieces_new(const struct pieces_order *order)
{
	struct arena *arena = arena_new();
	struct pieces *pieces = arena ? arena_new_of(arena, struct pieces) : NULL;
	char *ring = pieces ? arena_alloc(arena, PIECES_RING) : NULL;
	const char *etag = ring ? arena_string(arena, order->etag) : NULL;
	if (!etag) {
		arena_free(&arena);
		return NULL;
	}
	pieces->arena = arena;
	pieces->order = *order;
	pieces->order.etag = etag;
	pieces->ring = ring;
	pieces->offset = pieces->asked = order->begin;
	pthread_mutex_init(&pieces->lock, NULL);
	cond_init(&pieces->filled);
	cond_init(&pieces->room);
	cancel_open_help(&pieces->stop);
	return pieces;
}

void pieces_free(struct pieces **pieces)
{
	struct pieces *old = *pieces;
	if (!old)
		return;
	struct arena *arena = old->arena;
	pthread_mutex_lock(&old->lock);
	old->closing = true;
	pthread_cond_broadcast(&old->room);
	pthread_mutex_unlock(&old->lock);
	cancel_drop(&old->stop);
	for (unsigned i = 0; i < old->started; i++)
		pthread_join(old->helpers[i].thread, NULL);
	cancel_close(&old->stop);
	pthread_cond_destroy(&old->room);
	pthread_cond_destroy(&old->filled);
	pthread_mutex_destroy(&old->lock);
	*pieces = NULL;
	arena_free(&arena);
}

/* --- caller holds the lock ------------------------------------------------------------------- */

static bool is_over(const struct pieces *pieces)
{
	return pieces->closing || pieces->view.failed || pieces->asked == pieces->order.end;
}

static int64_t next_length(const struct pieces *pieces)
{
	int64_t left = pieces->order.end - pieces->asked;
	return pieces->length < left ? pieces->length : left;
}

/* True when there is room for another piece. */
static bool fits(const struct pieces *pieces)
{
	return pieces->next - pieces->first < OPEN_MOST &&
	       pieces->asked + next_length(pieces) - pieces->offset <= PIECES_RING;
}

/* Takes the next piece for a thread, once it may have one. NULL: there is none for it. */
static struct piece *take_piece(struct pieces *pieces, unsigned number)
{
	pieces->idle++;
	while (!is_over(pieces) && (number >= pieces->wanted || !fits(pieces)))
		pthread_cond_wait(&pieces->room, &pieces->lock);
	pieces->idle--;
	if (is_over(pieces))
		return NULL;
	struct piece *piece = &pieces->piece[pieces->next++ % OPEN_MOST];
	*piece =
		(struct piece){.end = pieces->asked + next_length(pieces), .filled = pieces->asked};
	pieces->asked = piece->end;
	return piece;
}

static void note_failure(struct pieces *pieces, struct piece *piece, const struct error *reason)
{
	piece->broken = true;
	if (!pieces->view.failed)
		pieces->failure = *reason;
	pieces->view.failed = true;
	pthread_cond_broadcast(&pieces->room);
	pthread_cond_signal(&pieces->filled);
}

/* --- a thread -------------------------------------------------------------------------------- */

/* Notes bytes that came. False: nobody wants more. */
static bool note_bytes(struct pieces *pieces, struct piece *piece, size_t got)
{
	pthread_mutex_lock(&pieces->lock);
	if (!pieces->view.received)
		pieces->view.first_ms = clock_ms();
	pieces->view.received += (int64_t)got;
	piece->filled += (int64_t)got;
	bool goes_on = !pieces->closing;
	if (piece == &pieces->piece[pieces->first % OPEN_MOST])
		pthread_cond_signal(&pieces->filled);
	pthread_mutex_unlock(&pieces->lock);
	return goes_on;
}

/* Reads the bytes from offset to end into the ring. */
static bool fill(struct pieces *pieces, struct piece *piece, struct download *download,
		 struct error *err)
{
	int64_t offset = download->offset;
	while (offset < download->end) {
		int64_t start = offset % PIECES_RING;
		int64_t most = download->end - offset;
		size_t got = 0;
		if (most > PIECES_RING - start)
			most = PIECES_RING - start;
		struct reader *reader = &download->reader;
		if (!reader->read(reader, pieces->ring + start, (size_t)most, &got, err))
			return false;
		offset += (int64_t)got;
		if (!note_bytes(pieces, piece, got))
			return error_canceled(err);
	}
	return download_end(download, err);
}

static void read_piece(struct pieces *pieces, struct piece *piece, int64_t begin, int64_t end)
{
	const struct pieces_order *order = &pieces->order;
	scoped(download_close) struct download download;
	struct error reason;
	download_piece(&download, order->from, order->blob, begin, end, order->etag);
	if (fill(pieces, piece, &download, &reason))
		return;
	pthread_mutex_lock(&pieces->lock);
	note_failure(pieces, piece, &reason);
	pthread_mutex_unlock(&pieces->lock);
}

static void *help(void *arg)
{
	const struct helper *helper = arg;
	struct pieces *pieces = helper->pieces;
	struct piece *piece = NULL;
	cancel_enter(&pieces->stop);
	pthread_mutex_lock(&pieces->lock);
	while ((piece = take_piece(pieces, helper->number))) {
		int64_t begin = piece->filled, end = piece->end;
		pthread_mutex_unlock(&pieces->lock);
		read_piece(pieces, piece, begin, end);
		pthread_mutex_lock(&pieces->lock);
	}
	pthread_mutex_unlock(&pieces->lock);
	return NULL;
}

static void start_threads(struct pieces *pieces, unsigned count)
{
	for (; pieces->started < count; pieces->started++) {
		struct helper *helper = &pieces->helpers[pieces->started];
		*helper = (struct helper){.pieces = pieces, .number = pieces->started};
		if (!thread_start(&helper->thread, STACK_BYTES, help, helper))
			break;
	}
}

/* --- the reader ------------------------------------------------------------------------------ */

void pieces_set(struct pieces *pieces, unsigned count, int64_t length)
{
	if (count > LADDER_MOST)
		count = LADDER_MOST;
	start_threads(pieces, count);
	pthread_mutex_lock(&pieces->lock);
	pieces->wanted = count < pieces->started ? count : pieces->started;
	pieces->length = length;
	if (length < PIECES_SHORTEST)
		pieces->length = PIECES_SHORTEST;
	if (length > PIECES_RING)
		pieces->length = PIECES_RING;
	pthread_cond_broadcast(&pieces->room);
	pthread_mutex_unlock(&pieces->lock);
}

void pieces_look(struct pieces *pieces, struct pieces_view *out)
{
	pthread_mutex_lock(&pieces->lock);
	*out = pieces->view;
	out->now_ms = clock_ms();
	pthread_mutex_unlock(&pieces->lock);
}

/* The bytes that there are for the reader. Caller holds the lock. */
static int64_t bytes_ready(const struct pieces *pieces)
{
	if (pieces->first == pieces->next)
		return 0;
	return pieces->piece[pieces->first % OPEN_MOST].filled - pieces->offset;
}

/* True when no byte will come for the reader. Caller holds the lock. */
static bool is_cut_off(const struct pieces *pieces)
{
	if (pieces->first == pieces->next)
		return pieces->view.failed || !pieces->wanted;
	return pieces->piece[pieces->first % OPEN_MOST].broken;
}

/* Waits until there are bytes for the reader. Caller holds the lock. */
static bool await_bytes(struct pieces *pieces, struct error *err)
{
	while (!bytes_ready(pieces)) {
		if (is_cut_off(pieces) && pieces->view.failed) {
			*err = pieces->failure;
			return false;
		}
		if (is_cut_off(pieces))
			return error_set(err, ERROR_UNSUPPORTED, "no more pieces are read");
		if (cancel_urgent())
			return error_canceled(err);
		cond_wait_ms(&pieces->filled, &pieces->lock, GLANCE_MS);
	}
	return true;
}

/* The reader has taken len bytes: there may be room for another piece. Caller holds the lock. */
static void advance(struct pieces *pieces, int64_t len)
{
	pieces->offset += len;
	if (pieces->offset == pieces->piece[pieces->first % OPEN_MOST].end)
		pieces->first++;
	if (pieces->idle && !is_over(pieces) && fits(pieces))
		pthread_cond_broadcast(&pieces->room);
}

bool pieces_read(struct pieces *pieces, void *at, size_t size, size_t *got, struct error *err)
{
	*got = 0;
	if (pieces->offset == pieces->order.end) /* only the reader changes it */
		return true;
	pthread_mutex_lock(&pieces->lock);
	bool ok = await_bytes(pieces, err);
	int64_t start = pieces->offset % PIECES_RING;
	int64_t len = ok ? bytes_ready(pieces) : 0;
	pthread_mutex_unlock(&pieces->lock);
	if (!ok)
		return false;
	if (len > PIECES_RING - start)
		len = PIECES_RING - start;
	if (len > (int64_t)size)
		len = (int64_t)size;
	memcpy(at, pieces->ring + start, (size_t)len);
	pthread_mutex_lock(&pieces->lock);
	advance(pieces, len);
	pthread_mutex_unlock(&pieces->lock);
	*got = (size_t)len;
	return true;
}
