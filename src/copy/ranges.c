/*
 * The single download is never in danger: while a second connection is tried, it goes on, and what
 * the trial brings is thrown away. So a trial on a line that is full costs the bytes of the trial,
 * at most a hundredth of what is left, and nothing else. The pieces begin a little ahead, where the
 * download will be when their first bytes come; there its connection is closed.
 *
 * A source that does not send parts of the blob, or another blob meanwhile, is not asked for parts
 * again. All bytes that are handed out are hashed in order by whoever reads them, as those of a
 * download that was resumed are; after wrong bytes the blob is read again by one download.
 *
 * Small blobs, and those of a source that is not slow, cost two looks at the clock for each read.
 */
#include "copy/ranges.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "copy/pieces.h"

enum {
	BLOB_MIN = 64 * 1024 * 1024, /* a smaller blob, or rest of one, stays one download */
	REST_MIN = 16 * 1024 * 1024, /* for less there is no trial */
	BLOBS_MOST = 2,              /* of the process, each with a ring of PIECES_RING bytes */
	SAMPLE_MS = 1000,            /* of one download */
	STEP_MS = 500,               /* of several connections */
	SETTLE_MS = 250,             /* a change of their number shows after this time */
	TRIAL_MS = 2000,             /* how long a trial measures */
	SILENT_MS = 5000,            /* a trial without a byte in this time is over */
	TRIAL_PART = 100,            /* a trial reads 1/TRIAL_PART of what is left */
	TRIALS_MOST = 3,
	REST_MS = 8000, /* between the first two trials; it doubles */
	LEAD_MS = 50,   /* what the first pieces may take longer than a trial */
};

static const char *name_of(const struct ranges *ranges)
{
	return ranges->download.blob->digest;
}

static int64_t left_of(const struct ranges *ranges)
{
	return ranges->download.blob->size - ranges->offset;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	if (value > most)
		value = most;
	return value < least ? least : value;
}

/* The bytes that the single download brings in some time. */
static int64_t bytes_in(const struct ranges *ranges, int64_t milliseconds)
{
	return (int64_t)((double)ranges->one.bytes * (double)milliseconds / (double)ranges->one.ms);
}

static void begin_sample(struct ranges *ranges, int64_t now, int64_t count)
{
	ranges->sample = (struct ladder_sample){0};
	ranges->begun_ms = now;
	ranges->begun = count;
}

/* --- the end of what is beside the download -------------------------------------------------- */

/* Frees the pieces: from now on there is only the download. */
static void drop_pieces(struct ranges *ranges)
{
	if (!ranges->pieces)
		return;
	pieces_free(&ranges->pieces);
	atomic_fetch_sub(&ranges->budget->under_way, 1);
	ranges->phase = RANGES_ONE;
	ranges->rest_ms = clock_ms() + ((int64_t)REST_MS << (ranges->trials - 1));
	ranges->begun_ms = ranges->last.ms = 0;
	ranges->sample = (struct ladder_sample){0};
}

/* The same since they are of no use, so that there is no further trial. */
static void give_up(struct ranges *ranges)
{
	drop_pieces(ranges);
	ranges->budget = NULL;
}

/* --- the trial ------------------------------------------------------------------------------- */

static bool make_pieces(struct ranges *ranges, int64_t begin, int64_t end)
{
	const struct download *download = &ranges->download;
	const struct pieces_order order = {.from = download->from,
					   .blob = download->blob,
					   .etag = download->part.etag,
					   .begin = begin,
					   .end = end};
	ranges->pieces = pieces_new(&order);
	return ranges->pieces != NULL;
}

/* Takes a place among the blobs that are read over several connections. */
static bool take_place(struct ranges_budget *budget)
{
	if (atomic_fetch_add(&budget->under_way, 1) < BLOBS_MOST)
		return true;
	atomic_fetch_sub(&budget->under_way, 1);
	return false;
}

static void begin_trial(struct ranges *ranges, int64_t now)
{
	int64_t left = left_of(ranges);
	int64_t most = clamp(left / TRIAL_PART, PIECES_SHORTEST, PIECES_RING);
	int64_t begin = ranges->offset + left / 2;
	int64_t length = clamp(bytes_in(ranges, SAMPLE_MS), PIECES_SHORTEST, most);
	if (!store_parallel(ranges->download.from)) {
		ranges->budget = NULL;
		return;
	}
	/* More large blobs are several connections anyway. */
	if (atomic_load(&ranges->budget->reading) > BLOBS_MOST || !take_place(ranges->budget))
		return;
	if (!make_pieces(ranges, begin, begin + length)) {
		atomic_fetch_sub(&ranges->budget->under_way, 1);
		return;
	}
	ranges->trials++;
	ranges->phase = RANGES_TRIAL;
	ranges->trial_ms = now;
	ranges->length = length;
	pieces_set(ranges->pieces, 1, length);
}

/* The second connection brings more: several are to take over, a little ahead. */
static void begin_pieces(struct ranges *ranges, int64_t first_ms)
{
	int64_t left = left_of(ranges);
	int64_t lead = bytes_in(ranges, first_ms - ranges->trial_ms + LEAD_MS);
	int64_t join = ranges->offset + clamp(lead, 1, left / 2);
	pieces_free(&ranges->pieces);
	if (!make_pieces(ranges, join, ranges->download.blob->size)) {
		atomic_fetch_sub(&ranges->budget->under_way, 1);
		ranges->phase = RANGES_ONE;
		ranges->budget = NULL;
		return;
	}
	ranges->phase = RANGES_JOINING;
	ranges->join = join;
	ranges->length = bytes_in(ranges, SAMPLE_MS);
	ladder_begin(&ranges->ladder, &ranges->one);
	pieces_set(ranges->pieces, 2, clamp(ranges->length, 1, PIECES_RING / 2));
}

/* Judges the trial once it has brought enough. */
static void judge_trial(struct ranges *ranges, const struct pieces_view *view)
{
	struct ladder_sample both = {.bytes = ranges->offset - ranges->begun + view->received,
				     .ms = view->now_ms - ranges->begun_ms};
	if (view->received < ranges->length && both.ms < TRIAL_MS)
		return;
	if (both.ms < 1)
		both.ms = 1;
	bool gains = ladder_gains(&ranges->one, &both);
	log_debug("blob %s: %lld bytes a second over one connection, %lld over two%s",
		  name_of(ranges), (long long)bytes_in(ranges, 1000),
		  (long long)(both.bytes * 1000 / both.ms), gains ? "" : ": it stays one");
	if (gains)
		begin_pieces(ranges, view->first_ms);
	else
		drop_pieces(ranges);
}

static void watch_trial(struct ranges *ranges)
{
	struct pieces_view view;
	pieces_look(ranges->pieces, &view);
	if (view.failed) {
		log_debug("blob %s: a second connection brings nothing", name_of(ranges));
		give_up(ranges);
	} else if (view.received) {
		judge_trial(ranges, &view);
	} else if (view.now_ms - ranges->trial_ms > SILENT_MS) {
		drop_pieces(ranges);
	} else {
		/* What comes before the first byte of the second one counts for neither. */
		begin_sample(ranges, view.now_ms, ranges->offset);
	}
}

/* --- the download alone ---------------------------------------------------------------------- */

/*
 * Adds what a read of the download brought, and looks whether it is slow. The first bytes of a
 * connection are, so the better of two samples counts.
 */
static void measure_one(struct ranges *ranges, int64_t before)
{
	int64_t now = clock_ms();
	if (!ranges->begun_ms)
		begin_sample(ranges, now, ranges->offset);
	else
		ranges->sample.waited_ms += now - before;
	ranges->sample.ms = now - ranges->begun_ms;
	if (ranges->sample.ms < SAMPLE_MS)
		return;
	ranges->sample.bytes = ranges->offset - ranges->begun;
	bool second = ranges->last.ms > 0;
	ranges->one = ladder_faster(&ranges->sample, &ranges->last);
	ranges->last = ranges->sample;
	begin_sample(ranges, now, ranges->offset);
	if (second && ranges->trials < TRIALS_MOST && now >= ranges->rest_ms &&
	    left_of(ranges) >= REST_MIN && ladder_slow(&ranges->one, left_of(ranges)))
		begin_trial(ranges, now);
}

static bool read_one(struct ranges *ranges, void *at, size_t size, size_t *got, struct error *err)
{
	struct reader *reader = &ranges->download.reader;
	int64_t before = ranges->budget ? clock_ms() : 0;
	if (!reader->read(reader, at, size, got, err))
		return false;
	ranges->offset += (int64_t)*got;
	if (ranges->phase == RANGES_TRIAL)
		watch_trial(ranges);
	else if (ranges->phase == RANGES_ONE && ranges->budget)
		measure_one(ranges, before);
	return true;
}

/* Reads up to the first byte of the pieces. There the connection of the download is closed. */
static bool read_joining(struct ranges *ranges, void *at, size_t size, size_t *got,
			 struct error *err)
{
	struct pieces_view view;
	if ((int64_t)size > ranges->join - ranges->offset)
		size = (size_t)(ranges->join - ranges->offset);
	if (!read_one(ranges, at, size, got, err))
		return false;
	if (ranges->offset < ranges->join)
		return true;
	pieces_look(ranges->pieces, &view);
	if (view.failed) {
		give_up(ranges);
		return true;
	}
	download_move(&ranges->download, ranges->offset);
	ranges->phase = RANGES_MANY;
	ranges->settling = true;
	begin_sample(ranges, view.now_ms, view.received);
	return true;
}

/* --- several connections --------------------------------------------------------------------- */

/*
 * Goes up or down a step, once there is a sample of the present one. It begins when each connection
 * can have read a piece.
 */
static void measure_many(struct ranges *ranges, int64_t before)
{
	struct pieces_view view;
	struct ladder *ladder = &ranges->ladder;
	int64_t ring = clamp(ranges->length * ladder->count, 1, PIECES_RING);
	pieces_look(ranges->pieces, &view);
	ranges->sample.waited_ms += view.now_ms - before;
	ranges->sample.ms = view.now_ms - ranges->begun_ms;
	ranges->sample.bytes = view.received - ranges->begun;
	if (ranges->settling && ranges->sample.ms >= SETTLE_MS && ranges->sample.bytes >= ring) {
		ranges->settling = false;
		begin_sample(ranges, view.now_ms, view.received);
	}
	if (ranges->settling || ranges->sample.ms < STEP_MS || ranges->sample.bytes < 2 * ring)
		return;
	unsigned count = ladder->count, next = ladder_step(ladder, &ranges->sample);
	log_debug("blob %s: %lld bytes a second over %u connections", name_of(ranges),
		  (long long)(ranges->sample.bytes * 1000 / ranges->sample.ms), count);
	if (next != count)
		pieces_set(ranges->pieces, next == 1 ? 0 : next,
			   clamp(ranges->length, 1, PIECES_RING / next));
	begin_sample(ranges, view.now_ms, view.received);
	ranges->settling = next != count;
}

static bool read_many(struct ranges *ranges, void *at, size_t size, size_t *got, struct error *err)
{
	int64_t before = ranges->ladder.settled ? 0 : clock_ms();
	if (!pieces_read(ranges->pieces, at, size, got, err))
		return false;
	ranges->offset += (int64_t)*got;
	if (!ranges->ladder.settled)
		measure_many(ranges, before);
	return true;
}

/* The pieces ended, for the reason in err. False: so does the reader. */
static bool go_on_alone(struct ranges *ranges, const struct error *err)
{
	bool chosen = ranges->ladder.count == 1;
	if (cancel_urgent())
		return false;
	log_debug("blob %s: one connection goes on at byte %lld: %s", name_of(ranges),
		  (long long)ranges->offset, chosen ? "more bring no more" : err->text);
	if (chosen || err->kind != ERROR_UNSUPPORTED)
		drop_pieces(ranges);
	else
		give_up(ranges);
	download_move(&ranges->download, ranges->offset);
	return true;
}

/* --------------------------------------------------------------------------------------------- */

static bool ranges_read(struct reader *reader, void *at, size_t size, size_t *got,
			struct error *err)
{
	struct ranges *ranges = (struct ranges *)reader;
	if (ranges->phase == RANGES_JOINING)
		return read_joining(ranges, at, size, got, err);
	if (ranges->phase != RANGES_MANY)
		return read_one(ranges, at, size, got, err);
	return read_many(ranges, at, size, got, err) ||
	       (go_on_alone(ranges, err) && read_one(ranges, at, size, got, err));
}

void ranges_prepare(struct ranges *ranges, const struct store *from, const struct descriptor *blob,
		    int64_t offset, bool fresh, struct ranges_budget *budget)
{
	bool may = !fresh && !blob->nondistributable && blob->size - offset >= BLOB_MIN;
	*ranges = (struct ranges){
		.reader = {.read = ranges_read}, .budget = may ? budget : NULL, .offset = offset};
	download_prepare(&ranges->download, from, blob, offset, fresh);
	if (ranges->budget)
		atomic_fetch_add(&ranges->budget->reading, 1);
	ranges->reads = ranges->budget;
}

bool ranges_open(struct ranges *ranges, struct error *err)
{
	return download_begin(&ranges->download, err);
}

bool ranges_end(struct ranges *ranges, struct error *err)
{
	drop_pieces(ranges);
	return download_end(&ranges->download, err);
}

void ranges_close(struct ranges *ranges)
{
	drop_pieces(ranges);
	if (ranges->reads)
		atomic_fetch_sub(&ranges->reads->reading, 1);
	ranges->reads = NULL;
	download_close(&ranges->download);
}
