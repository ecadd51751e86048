/*
 * When the source breaks off, the rest is requested while the upload waits (download.h). When the
 * target breaks off, there are three possibilities, checked in this order: everything arrived and
 * only the answer was lost; or the registry still has the upload and says how much of it; else the
 * upload is canceled and a new one begins.
 *
 * To resume in the middle the digest must also resume in the middle, so its state is saved from
 * time to time. The bytes between the last saved state and the offset to resume at are read again.
 */
#include "copy/move/transfer.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/retry.h"
#include "copy/fetch.h"
#include "copy/move/hashing.h"
#include "copy/ranges.h"
#include "oci/digest.h"
#include "oci/layout_name.h"
#include "store/store.h"

#include <string.h>

enum {
	SNAPSHOTS_MAX = 16,
	SNAPSHOT_BYTES = 1024 * 1024, /* bytes between two snapshots, at first */
	PROGRESS_BYTES = 1024 * 1024, /* an upload that gained this many gets all retries again */
};

/* The state of a digest after the bytes before offset. */
struct snapshot {
	int64_t offset;
	struct digest_hash hash;
};

struct transfer {
	const struct cargo *cargo;
	struct arena *arena; /* holds what upload refers to */
	struct blob_upload upload;
	bool source_failed; /* the last failure was the source's */
	bool sent;          /* in the last try, bytes went to the target */
	bool fresh;         /* the source's last bytes did not match the digest */
	bool alone;         /* a try has failed, so the next ones share no download */
	int64_t best;       /* the largest number of bytes that the target has reported to hold */
	size_t count;       /* number of snapshots */
	int64_t interval;   /* bytes between two snapshots */
	struct snapshot snapshots[SNAPSHOTS_MAX]; /* in ascending order of offset */
};

/* Passes on a download and hashes it: the last bytes are handed out only if the digest matches. */
struct checked {
	struct reader reader;
	bool shared;    /* the bytes come from the cargo's branch; else from ranges */
	int64_t offset; /* bytes passed on, or skipped by resuming */
	struct ranges ranges;
	struct throttle_reader slow; /* throttles ranges */
	struct hashing hashing;
	struct transfer *transfer;
	int slot; /* number of the line in the progress display */
};

static struct progress *progress_of(const struct transfer *transfer)
{
	return transfer->cargo->image->copier->options.progress;
}

/* Drops every other snapshot: this makes room, and the rest are twice as far apart. */
static void thin_out(struct transfer *transfer)
{
	for (size_t i = 1; 2 * i < transfer->count; i++)
		transfer->snapshots[i] = transfer->snapshots[2 * i];
	transfer->count = (transfer->count + 1) / 2;
	transfer->interval *= 2;
}

/* Drops all but the first: snapshots of corrupt bytes do not fit the correct bytes that follow. */
static void forget_snapshots(struct transfer *transfer)
{
	transfer->count = 1;
	transfer->interval = SNAPSHOT_BYTES;
}

static void keep_snapshot(struct checked *checked)
{
	struct transfer *transfer = checked->transfer;
	int64_t last = transfer->snapshots[transfer->count - 1].offset;
	if (checked->offset - last < transfer->interval)
		return;
	if (transfer->count == SNAPSHOTS_MAX)
		thin_out(transfer);
	transfer->snapshots[transfer->count++] =
		(struct snapshot){checked->offset, *hashing_state(&checked->hashing)};
}

/* The last snapshot at or before offset; the first one is at 0. */
static const struct snapshot *find_snapshot(const struct transfer *transfer, int64_t offset)
{
	size_t i = transfer->count - 1;
	while (i > 0 && transfer->snapshots[i].offset > offset)
		i--;
	return &transfer->snapshots[i];
}

static bool check_end(struct checked *checked, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];
	const struct cargo *cargo = checked->transfer->cargo;
	struct digest_hash hash = *hashing_state(&checked->hashing);
	digest_finish(&hash, digest);
	if (strcmp(digest, cargo->blob->digest) == 0)
		return checked->shared ? fanout_end(cargo->branch, err)
				       : ranges_end(&checked->ranges, err);
	return error_set(err, ERROR_CORRUPT, "the source sent bytes with digest %s", digest);
}

/* Opens a download that is not shared, from checked->offset on. */
static bool open_download(struct checked *checked, struct error *err)
{
	const struct transfer *transfer = checked->transfer;
	const struct cargo *cargo = transfer->cargo;
	const struct copier_options *options = &cargo->image->copier->options;
	ranges_prepare(&checked->ranges, cargo->image->from, cargo->blob, checked->offset,
		       transfer->fresh, options->ranges);
	if (!ranges_open(&checked->ranges, err))
		return false;
	throttle_attach(options->throttle, &checked->ranges.reader, &checked->slow);
	return true;
}

/* Reads from the shared download, or from its own once the others no longer wait. */
static bool read_bytes(struct checked *checked, void *at, size_t size, size_t *got,
		       struct error *err)
{
	const struct cargo *cargo = checked->transfer->cargo;
	if (checked->shared && fanout_read(cargo->branch, at, size, got, err))
		return true;
	if (checked->shared && !cargo->branch->cursor.dropped)
		return false;
	if (checked->shared) {
		log_debug("blob %s: slower than the others, downloaded alone from byte %lld on",
			  cargo->blob->digest, (long long)checked->offset);
		checked->shared = false;
		fanout_detach(cargo->image->copier->fanout, cargo->branch);
		if (!open_download(checked, err))
			return false;
	}
	return checked->slow.reader.read(&checked->slow.reader, at, size, got, err);
}

static bool pull_checked(struct checked *checked, void *at, size_t size, size_t *got,
			 struct error *err)
{
	if (!read_bytes(checked, at, size, got, err))
		return false;
	checked->offset += (int64_t)*got;
	hashing_add(&checked->hashing, at, *got);
	progress_advance(progress_of(checked->transfer), checked->slot, (int64_t)*got);
	keep_snapshot(checked);
	return !*got || checked->offset < checked->transfer->cargo->blob->size ||
	       check_end(checked, err);
}

static bool checked_read(struct reader *reader, void *at, size_t size, size_t *got,
			 struct error *err)
{
	struct checked *checked = (struct checked *)reader;
	if (pull_checked(checked, at, size, got, err))
		return true;
	checked->transfer->source_failed = true;
	return error_wrap(err, "source blob %s", checked->transfer->cargo->blob->digest);
}

static void checked_close(struct checked *checked)
{
	hashing_finish(&checked->hashing);
	ranges_close(&checked->ranges);
}

/* A disk takes bytes as fast as one thread hashes them; a registry is slower than that. */
static struct hashers *hashers_of(const struct image *image)
{
	return layout_name_host(image->task->destination.host) ? &image->copier->hashers : NULL;
}

/* Opens the source at the offset where the upload continues. */
static bool checked_open(struct checked *checked, struct error *err)
{
	struct transfer *transfer = checked->transfer;
	const struct cargo *cargo = transfer->cargo;
	const struct snapshot *start = find_snapshot(transfer, transfer->upload.offset);
	char scratch[4096];
	checked->reader.read = checked_read;
	checked->offset = start->offset;
	hashing_begin(&checked->hashing, hashers_of(cargo->image), &start->hash,
		      cargo->blob->size - start->offset);
	progress_advance(progress_of(transfer), checked->slot, start->offset);
	transfer->source_failed = true;
	if (!transfer->alone &&
	    !fanout_open(cargo->image->copier->fanout, cargo->branch, &checked->shared, err))
		return false;
	if (!checked->shared && !open_download(checked, err))
		return false;
	transfer->source_failed = false;
	while (checked->offset < transfer->upload.offset) {
		int64_t left = transfer->upload.offset - checked->offset;
		size_t got = 0;
		size_t size = left < (int64_t)sizeof(scratch) ? (size_t)left : sizeof(scratch);
		if (!checked_read(&checked->reader, scratch, size, &got, err))
			return false;
	}
	return true;
}

/* Sends an empty blob, which need not be fetched. */
static bool send_empty(struct transfer *transfer, struct error *err)
{
	const struct cargo *cargo = transfer->cargo;
	if (!digest_verify((struct str){0}, str_of(cargo->blob->digest), err))
		return error_wrap(err, "blob of size 0");
	return store_send(cargo->image->to, &transfer->upload, NULL, err);
}

static bool stream_blob(struct transfer *transfer, int slot, struct error *err)
{
	const struct cargo *cargo = transfer->cargo;
	scoped(checked_close) struct checked checked = {.transfer = transfer, .slot = slot};
	bool ok = checked_open(&checked, err) &&
		  store_send(cargo->image->to, &transfer->upload, &checked.reader, err);
	if (!ok && transfer->source_failed)
		store_spoiled(cargo->image->from, cargo->blob->digest, err);
	if (!ok) {
		transfer->alone = true;
		fanout_detach(cargo->image->copier->fanout, cargo->branch);
	}
	return ok;
}

static bool send_blob(struct transfer *transfer, struct error *err)
{
	const struct cargo *cargo = transfer->cargo;
	struct progress *progress = progress_of(transfer);
	if (cargo->blob->size == 0)
		return send_empty(transfer, err);
	int slot = progress_begin(progress,
				  &(struct progress_blob){.source = &cargo->image->task->source,
							  .to = cargo->image->to->party_name,
							  .digest = cargo->blob->digest,
							  .size = cargo->blob->size});
	bool ok = stream_blob(transfer, slot, err);
	progress_end(progress, slot);
	return ok;
}

/* True when the target seems to have no room: then the blob is only reused if it is there. */
static bool seems_full(const struct cargo *cargo, struct error *err)
{
	return !cargo->thorough && !cargo->location &&
	       !quotas_allow(cargo->image->copier->quotas, cargo->image->to, cargo->blob->size,
			     err);
}

/* Opens an upload. *present: no upload is needed. */
static bool begin(struct transfer *transfer, bool *present, struct error *err)
{
	const struct cargo *cargo = transfer->cargo;
	struct error refusal;
	const struct blob_offer offer = {.digest = cargo->blob->digest,
					 .size = cargo->blob->size,
					 .location = cargo->location,
					 .thorough = cargo->thorough,
					 .reuse_only = seems_full(cargo, &refusal)};
	arena_free(&transfer->arena);
	transfer->arena = arena_new();
	if (!transfer->arena)
		return error_memory(err);
	if (!store_offer(cargo->image->to, transfer->arena, &offer, &transfer->upload, err))
		return false;
	*present = transfer->upload.present;
	if (*present || !offer.reuse_only)
		return true;
	*err = refusal;
	return false;
}

/* Makes one try, with the open upload or a new one. */
static bool attempt(struct transfer *transfer, bool *present, struct error *err)
{
	transfer->source_failed = transfer->sent = false;
	if (!transfer->upload.open && !begin(transfer, present, err))
		return false;
	if (*present)
		return true;
	transfer->sent = true;
	if (!send_blob(transfer, err))
		return false;
	transfer->upload.open = false;
	return true;
}

static bool may_have_arrived(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_UNAVAILABLE ||
	       err->http_status == 404 || err->http_status == 503;
}

/* Cancels the open upload; the next try opens another. */
static void give_up(struct transfer *transfer)
{
	if (transfer->upload.open)
		store_cancel(transfer->cargo->image->to, &transfer->upload);
	transfer->upload = (struct blob_upload){0};
}

/* True when the target kept enough of the open upload to continue it. */
static bool resume(struct transfer *transfer, unsigned *count)
{
	const struct cargo *cargo = transfer->cargo;
	struct error ignored;
	int64_t sent = transfer->source_failed ? 0 : cargo->blob->size;
	if (!transfer->upload.open || !sent ||
	    !store_resume(cargo->image->to, &transfer->upload, &ignored))
		return false;
	if (transfer->upload.offset <= 0 || transfer->upload.offset >= sent)
		return false;
	log_debug("blob %s: the target kept %lld bytes", cargo->blob->digest,
		  (long long)transfer->upload.offset);
	if (transfer->upload.offset - transfer->best >= PROGRESS_BYTES) {
		transfer->best = transfer->upload.offset;
		*count = 0;
	}
	return true;
}

static bool attempts(struct transfer *transfer, bool *present, struct error *err)
{
	const struct cargo *cargo = transfer->cargo;
	for (unsigned count = 0;; count++) {
		struct error ignored;
		bool found = false;
		*present = false;
		if (cancel_requested())
			return error_canceled(err);
		if (attempt(transfer, present, err))
			return true;
		bool ambiguous = may_have_arrived(err) && !transfer->source_failed;
		transfer->fresh = err->kind == ERROR_CORRUPT && transfer->source_failed;
		if (transfer->fresh)
			forget_snapshots(transfer);
		/* If a renewed login is refused, another try does not help. */
		err->exhausted |= err->http_status == 401 && count > 0;
		if (!retry_wait(&retry_default, count, err))
			return false;
		/* To find it there proves nothing of a target that has said so wrongly before. */
		if (ambiguous && !cargo->thorough &&
		    store_has(cargo->image->to, cargo->blob->digest, cargo->blob->size, &found,
			      &ignored) &&
		    found) {
			/* It need not have come by this upload, which is open then. */
			give_up(transfer);
			return true;
		}
		if (!ambiguous || !resume(transfer, &count))
			give_up(transfer);
	}
}

bool transfer_run(const struct cargo *cargo, bool *present, struct error *err)
{
	struct transfer transfer = {.cargo = cargo};
	forget_snapshots(&transfer);
	digest_start(&transfer.snapshots[0].hash, str_of(cargo->blob->digest));
	bool ok = attempts(&transfer, present, err);
	/* Canceling an upload at a target that is out of reach would only cost another wait. */
	if (!ok && err->kind != ERROR_UNREACHABLE)
		give_up(&transfer);
	if (!ok && transfer.source_failed)
		fetch_missed(cargo->image, cargo->blob->digest, err);
	if (!ok && err->kind == ERROR_FULL && transfer.sent && !transfer.source_failed)
		quotas_refused(cargo->image->copier->quotas, cargo->image->to, cargo->blob->size,
			       err);
	arena_free(&transfer.arena);
	return ok;
}
