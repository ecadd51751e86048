/*
 * A blob is moved once per registry and run. In its own repository the one that comes second finds
 * it present; in another one it is mounted from where the first one put it. The POST that opens an
 * upload also offers a mount from the target repository itself: a registry that can mount answers
 * "created" when the blob is there already, which saves the HEAD.
 *
 * A transfer is repeated as a whole. After a failure that may have come too late to matter, the
 * target is asked what it holds before anything is sent again.
 */
#include "copy/blob.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/retry.h"
#include "oci/digest.h"
#include "registry/blobs.h"

#include <string.h>

/*
 * Passes a download on, counting and hashing: the last bytes are handed out only if all is right.
 */
struct checked {
	struct reader reader;
	struct reader *source;
	const struct descriptor *blob;
	struct digest_hash hash;
	int64_t left;
	struct progress *progress;
	int slot;
	bool failed; /* the fault was on this side, not the target's */
};

static bool check_end(struct checked *checked, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];
	char extra;
	size_t got = 0;
	if (!checked->source->read(checked->source, &extra, 1, &got, err))
		return false;
	if (got)
		return error_set(err, ERROR_CORRUPT,
				 "the source sent more than the %lld bytes announced",
				 (long long)checked->blob->size);
	digest_finish(&checked->hash, digest);
	if (strcmp(digest, checked->blob->digest) != 0)
		return error_set(err, ERROR_CORRUPT, "the source sent bytes with digest %s",
				 digest);
	return true;
}

static bool pull_checked(struct checked *checked, void *at, size_t size, size_t *got,
			 struct error *err)
{
	if ((int64_t)size > checked->left)
		size = (size_t)checked->left;
	*got = 0;
	if (!size)
		return true;
	if (!checked->source->read(checked->source, at, size, got, err))
		return false;
	if (!*got)
		return error_set(err, ERROR_CORRUPT, "the source ended %lld bytes early",
				 (long long)checked->left);
	digest_update(&checked->hash, at, *got);
	checked->left -= (int64_t)*got;
	progress_advance(checked->progress, checked->slot, (int64_t)*got);
	return checked->left || check_end(checked, err);
}

static bool checked_read(struct reader *reader, void *at, size_t size, size_t *got,
			 struct error *err)
{
	struct checked *checked = (struct checked *)reader;
	if (pull_checked(checked, at, size, got, err))
		return true;
	checked->failed = true;
	return error_wrap(err, "source blob %s", checked->blob->digest);
}

/* Nothing to fetch: the empty blob's content is known. */
static bool send_empty(struct image *image, const struct descriptor *blob,
		       const struct upload *upload, struct error *err)
{
	if (!digest_verify((struct str){0}, str_of(blob->digest), err))
		return error_wrap(err, "blob of size 0");
	return blobs_send(&image->to, upload, blob->digest, NULL, 0, err);
}

static bool stream_blob(struct image *image, const struct descriptor *blob,
			const struct upload *upload, int slot, struct error *err)
{
	scoped(stream_close) struct stream *stream = NULL;
	struct throttle_reader slow;
	struct checked checked = {.reader = {.read = checked_read},
				  .blob = blob,
				  .left = blob->size,
				  .progress = image->copier->options.progress,
				  .slot = slot,
				  .failed = true};
	bool ok = blobs_open(&image->from, blob->digest, blob->size, &stream, err);
	if (ok) {
		checked.failed = false;
		throttle_attach(image->copier->options.throttle, stream_reader(stream), &slow);
		checked.source = &slow.reader;
		digest_start(&checked.hash, str_of(blob->digest));
		ok = blobs_send(&image->to, upload, blob->digest, &checked.reader, blob->size, err);
	}
	if (!ok && checked.failed)
		blobs_spoiled(&image->from, blob->digest);
	/* The target is healthy then, and an open upload would be left to it. */
	if (!ok && (checked.failed || err->kind == ERROR_CANCELED))
		blobs_cancel(&image->to, upload);
	return ok;
}

static bool send_blob(struct image *image, const struct descriptor *blob,
		      const struct upload *upload, struct error *err)
{
	char label[PROGRESS_LABEL_SIZE];
	struct progress *progress = image->copier->options.progress;
	if (blob->size == 0)
		return send_empty(image, blob, upload, err);
	snprintf(label, sizeof(label), "%s %.19s", image->from.name, blob->digest);
	int slot = progress_begin(progress, label, blob->size);
	bool ok = stream_blob(image, blob, upload, slot, err);
	progress_end(progress, slot);
	return ok;
}

/* Where on the target's registry the blob is known to lie, NULL if nowhere. */
static const char *known_place(const struct image *image, const char *place)
{
	return !place && registry_same(&image->from, &image->to) ? image->from.name : place;
}

/* What the upload's POST offers to mount from: a known place, or the repository itself. */
static const char *mount_offer(const struct image *image, const char *place, bool thorough)
{
	if (thorough || !blobs_mountable(&image->to))
		return NULL;
	return place ? place : image->to.name;
}

/* One attempt. *present: nothing had to be sent. */
static bool attempt(struct image *image, const struct descriptor *blob, const char *place,
		    bool thorough, bool *present, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct upload upload;
	const char *from = mount_offer(image, place, thorough);
	*present = false;
	if (!arena)
		return error_memory(err);
	if (!from && !thorough && !blobs_exists(&image->to, blob->digest, blob->size, present, err))
		return false;
	if (*present)
		return true;
	if (!blobs_begin(&image->to, arena, blob->digest, from, &upload, err))
		return false;
	*present = upload.present;
	if (*present)
		return true;
	if (place && from)
		blobs_mount_useless(&image->to);
	return send_blob(image, blob, &upload, err);
}

static bool may_have_arrived(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_UNAVAILABLE ||
	       err->http_status == 404;
}

static bool attempts(struct image *image, const struct descriptor *blob, const char *place,
		     bool thorough, bool *present, struct error *err)
{
	for (unsigned count = 0;; count++) {
		struct error ignored;
		bool found = false;
		if (cancel_requested())
			return error_set(err, ERROR_CANCELED, "stopped by a signal");
		if (attempt(image, blob, place, thorough, present, err))
			return true;
		bool ambiguous = may_have_arrived(err);
		/* A login that was renewed and refused again will not get better. */
		err->exhausted |= err->http_status == 401 && count > 0;
		if (!retry_wait(&retry_default, count, err))
			return false;
		if (ambiguous &&
		    blobs_exists(&image->to, blob->digest, blob->size, &found, &ignored) && found)
			return true;
	}
}

/* Waits for a free place among the blobs in flight, then moves the blob. */
static bool move(struct image *image, const struct descriptor *blob, const char *place,
		 bool thorough, struct error *err)
{
	bool present = false;
	place = known_place(image, place);
	places_enter(image->copier->places, image->lane);
	bool ok = attempts(image, blob, place, thorough, &present, err);
	places_leave(image->copier->places, image->lane);
	if (ok && present && place) {
		atomic_fetch_add(&image->mounted, 1);
	} else if (ok && present) {
		atomic_fetch_add(&image->present, 1);
	} else if (ok) {
		atomic_fetch_add(&image->copied, 1);
		atomic_fetch_add(&image->bytes, blob->size);
	}
	return ok;
}

/* Moves the blob to the registry, or within it when this run has put it there already. */
static bool move_once(struct image *image, const struct descriptor *blob, struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	struct inflight *inflight = image->copier->inflight;
	const char *place = NULL;
	buf_printf(&key, "%s@%s", registry_host_name(&image->to), blob->digest);
	if (!buf_ok(&key))
		return error_memory(err);
	enum inflight_role role =
		inflight_claim(inflight, buf_str(&key), image->from.host, &place, err);
	if (role == INFLIGHT_FAILED)
		return false;
	bool ok = move(image, blob, place, false, err);
	if (role == INFLIGHT_LEADS)
		inflight_end(inflight, buf_str(&key), ok ? image->to.name : NULL, image->from.host,
			     err);
	return ok;
}

bool blob_copy(struct image *image, const struct descriptor *blob, bool thorough, struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	struct inflight *inflight = image->copier->inflight;
	const char *place = NULL;
	if (blob->nondistributable) {
		log_info("%s: %s may not be distributed, the target must get it elsewhere",
			 image->from.name, blob->digest);
		return true;
	}
	buf_printf(&key, "%s/%s@%s", registry_host_name(&image->to), image->to.name, blob->digest);
	if (!buf_ok(&key))
		return error_memory(err);
	if (thorough)
		return move(image, blob, NULL, true, err);
	enum inflight_role role =
		inflight_claim(inflight, buf_str(&key), image->from.host, &place, err);
	if (role == INFLIGHT_DONE)
		atomic_fetch_add(&image->present, 1);
	if (role != INFLIGHT_LEADS)
		return role == INFLIGHT_DONE;
	bool ok = move_once(image, blob, err);
	inflight_end(inflight, buf_str(&key), ok ? image->to.name : NULL, image->from.host, err);
	return ok;
}
