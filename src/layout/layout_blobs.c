/*
 * Layouts of one run share what they have in common: a hard link where the file system has them,
 * else a copy that shares its extents (FICLONE), else a copy, which is hashed on the way. A source
 * is never linked: its owner may go on to change it.
 *
 * Large files are handed to the disk while they are written, so that the last sync does not have to
 * wait for all of it.
 */
#include "layout/layout_blobs.h"

#include "base/cancel.h"
#include "layout/archive_blobs.h"
#include "layout/layout_draft.h"
#include "layout/layout_make.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* FICLONE of linux/fs.h */
static const unsigned clone_call = _IOW(0x94, 9, int);

enum {
	RANGE_WRITE = 2,   /* SYNC_FILE_RANGE_WRITE of linux/fs.h */
	PIECE = 64 * 1024, /* it stays in the cache of a processor until it is written */
	SMALL_PIECE = 16 * 1024,
	FLUSH_BYTES = 16 * 1024 * 1024, /* written before the disk is asked to begin */
	SIBLINGS_MAX = 256,             /* other layouts that are looked into for a blob */
};

/* --- reading -------------------------------------------------------------------------------- */

struct blob_file {
	struct reader reader;
	struct arena *arena;
	const struct layout *layout;
	const char *digest;
	int fd;
};

static bool read_file(struct reader *reader, void *at, size_t size, size_t *got, struct error *err)
{
	struct blob_file *file = (struct blob_file *)reader;
	for (;;) {
		if (cancel_urgent())
			return error_canceled(err);
		ssize_t done = read(file->fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return layout_fail(file->layout, "read", file->digest, err);
		*got = (size_t)done;
		return true;
	}
}

static void close_file(struct reader *reader)
{
	struct blob_file *file = (struct blob_file *)reader;
	struct arena *arena = file->arena;
	close(file->fd);
	arena_free(&arena);
}

static bool not_there(const struct layout *layout, const char *digest, struct error *err)
{
	return error_set(err, ERROR_MISSING, "%s does not have the blob %s", layout->path, digest);
}

/* -1: err says why. */
static int open_blob(const struct layout *layout, const char *digest, int64_t size,
		     struct error *err)
{
	struct stat info;
	scoped(layout_close) int folder = layout_open_blobs(layout, digest, false, err);
	int fd = folder < 0
			 ? -1
			 : layout_open_file(layout, folder, layout_blob_name(digest), &info, err);
	if (fd < 0 && err->kind == ERROR_MISSING)
		not_there(layout, digest, err);
	if (fd < 0 || size < 0 || info.st_size == size)
		return fd;
	close(fd);
	error_set(err, ERROR_DAMAGED, "%s: the blob %s has %lld bytes, not %lld", layout->path,
		  digest, (long long)info.st_size, (long long)size);
	return -1;
}

bool layout_blobs_open(const struct layout *layout, const char *digest, struct blob_part *part,
		       struct reader **out, struct error *err)
{
	if (layout->archive)
		return archive_blobs_open(layout, digest, part, out, err);
	int fd = open_blob(layout, digest, part->size, err);
	struct arena *arena = fd < 0 ? NULL : arena_new_small();
	struct blob_file *file = arena ? arena_new_of(arena, struct blob_file) : NULL;
	bool placed = file && (!part->from || lseek(fd, part->from, SEEK_SET) == part->from);
	if (placed) {
		*file = (struct blob_file){.reader = {.read = read_file, .close = close_file},
					   .arena = arena,
					   .layout = layout,
					   .digest = arena_string(arena, digest),
					   .fd = fd};
		*out = &file->reader;
		if (file->digest)
			return true;
	}
	if (fd >= 0)
		placed ? error_memory(err) : layout_fail(layout, "read", digest, err);
	arena_free(&arena);
	layout_close(&fd);
	*out = NULL;
	return false;
}

/* --- taking over ---------------------------------------------------------------------------- */

struct blob_writing {
	const struct layout *layout;
	const char *digest;
	int64_t size;
	int folder; /* of blobs; -1: closed */
	struct layout_draft draft;
	int64_t written, flushed;
};

static void writing_finish(struct blob_writing *writing)
{
	layout_draft_close(&writing->draft);
	layout_close(&writing->folder);
	writing->folder = -1;
}

static bool writing_begin(struct blob_writing *writing, struct error *err)
{
	return layout_draft_open(writing->layout, writing->folder, &writing->draft, err);
}

static bool add_bytes(struct blob_writing *writing, const void *bytes, size_t len,
		      struct error *err)
{
	if (!layout_draft_write(writing->layout, &writing->draft, bytes, len, err))
		return false;
	writing->written += (int64_t)len;
	if (writing->written - writing->flushed < FLUSH_BYTES)
		return true;
	/* It is a request: what comes of it shows when all is synced. */
	(void)syscall(SYS_sync_file_range, writing->draft.fd, writing->flushed,
		      writing->written - writing->flushed, RANGE_WRITE);
	writing->flushed = writing->written;
	return true;
}

static bool writing_keep(struct blob_writing *writing, struct error *err)
{
	return layout_draft_keep(writing->layout, &writing->draft,
				 layout_blob_name(writing->digest), NULL, err);
}

/* Copies an open file, which must match the digest. */
static bool copy_file(struct blob_writing *writing, int from, struct error *err)
{
	char piece[SMALL_PIECE], found[DIGEST_TEXT_SIZE];
	struct digest_hash hash;
	ssize_t got;
	digest_start(&hash, str_of(writing->digest));
	while ((got = read(from, piece, sizeof(piece))) != 0) {
		if (cancel_urgent())
			return error_canceled(err);
		if (got < 0 && errno != EINTR)
			return layout_fail(writing->layout, "read", writing->digest, err);
		if (got < 0)
			continue;
		digest_update(&hash, piece, (size_t)got);
		if (!add_bytes(writing, piece, (size_t)got, err))
			return false;
	}
	digest_finish(&hash, found);
	return strcmp(found, writing->digest) == 0 ||
	       error_set(err, ERROR_CORRUPT, "a blob called %s is %s", writing->digest, found);
}

/* Takes a blob from another layout. False: it cannot; there may be none. */
static bool take(struct blob_writing *writing, const struct layout *from)
{
	struct error ignored;
	bool found;
	const char *name = layout_blob_name(writing->digest);
	scoped(layout_close) int source = layout_open_blobs(from, writing->digest, false, &ignored);
	scoped(layout_close) int file =
		source < 0 ? -1 : open_blob(from, writing->digest, writing->size, &ignored);
	if (file < 0)
		return false;
	if (linkat(source, name, writing->folder, name, 0) == 0)
		return true;
	/* EEXIST: it has come meanwhile, or is replaced since it has the wrong size. */
	if (errno == EEXIST &&
	    layout_has(writing->layout, writing->digest, writing->size, &found, &ignored) && found)
		return true;
	if (!writing_begin(writing, &ignored))
		return false;
	bool ok = ioctl(writing->draft.fd, (int)clone_call, file) == 0 ||
		  copy_file(writing, file, &ignored);
	ok = ok && writing_keep(writing, &ignored);
	layout_draft_close(&writing->draft);
	return ok;
}

/* True when the blob came from the location, or from another layout of this run. */
static bool take_over(struct blob_writing *writing, const struct layout *location)
{
	struct layout *other;
	size_t next = 0;
	if (location && take(writing, location))
		return true;
	for (size_t i = 0; i < SIBLINGS_MAX; i++) {
		other = layouts_written(writing->layout->layouts, &next);
		if (!other)
			return false;
		if (other != writing->layout && other != location && layout_make_predates(other) &&
		    take(writing, other))
			return true;
	}
	return false;
}

/* --- writing -------------------------------------------------------------------------------- */

bool layout_blobs_offer(struct layout *layout, struct arena *arena, const struct blob_offer *offer,
			const struct layout *location, struct blob_upload *out, struct error *err)
{
	if (layout->archive)
		return archive_blobs_offer(layout, arena, offer, out, err);
	struct blob_writing *writing = arena_new_of(arena, struct blob_writing);
	*out = (struct blob_upload){.inside = writing};
	if (!writing)
		return error_memory(err);
	*writing = (struct blob_writing){.layout = layout,
					 .digest = offer->digest,
					 .size = offer->size,
					 .folder = -1,
					 .draft = {.fd = -1}};
	if (!layout_make(layout, err))
		return false;
	if (!offer->thorough && !layout_has(layout, offer->digest, offer->size, &out->present, err))
		return false;
	if (out->present)
		return true;
	writing->folder = layout_open_blobs(layout, offer->digest, true, err);
	if (writing->folder < 0)
		return false;
	out->present = !offer->thorough && take_over(writing, location);
	out->open = !out->present && !offer->reuse_only && writing_begin(writing, err);
	if (!out->open)
		writing_finish(writing);
	return out->open || out->present || offer->reuse_only;
}

static bool pull(struct blob_writing *writing, struct reader *body, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	size_t most = writing->size < PIECE ? (size_t)writing->size : PIECE, got;
	char *piece = arena ? arena_alloc(arena, most + 1) : NULL;
	if (!piece)
		return error_memory(err);
	/* One byte more than there should be, so that the end is seen. */
	while (body->read(body, piece, most + 1, &got, err)) {
		if (!got)
			return writing->written == writing->size ||
			       error_set(err, ERROR_CORRUPT, "%lld bytes came instead of %lld",
					 (long long)writing->written, (long long)writing->size);
		if (!add_bytes(writing, piece, got, err))
			return false;
		if (cancel_urgent())
			return error_canceled(err);
	}
	return false;
}

bool layout_blobs_send(const struct layout *layout, struct blob_upload *upload, struct reader *body,
		       struct error *err)
{
	struct blob_writing *writing = upload->inside;
	if (layout->archive)
		return archive_blobs_send(layout, upload, body, err);
	bool ok = (!body || pull(writing, body, err)) && writing_keep(writing, err);
	writing_finish(writing);
	upload->open = false;
	return ok;
}

void layout_blobs_cancel(const struct layout *layout, struct blob_upload *upload)
{
	if (!layout->archive)
		writing_finish(upload->inside);
	upload->open = false;
}

/* True when the file is there and has these bytes. */
static bool holds(const struct layout *layout, const char *digest, struct str bytes)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str held;
	struct error ignored;
	return arena && layout_read_blob(layout, digest, bytes.len, arena, &held, &ignored) &&
	       str_equal(held, bytes);
}

bool layout_blobs_put(const struct layout *layout, const char *digest, struct str bytes,
		      struct error *err)
{
	if (layout->archive)
		return archive_blobs_put(layout, digest, bytes, err);
	scoped(writing_finish) struct blob_writing writing = {.layout = layout,
							      .digest = digest,
							      .size = (int64_t)bytes.len,
							      .folder = -1,
							      .draft = {.fd = -1}};
	if (holds(layout, digest, bytes))
		return true;
	writing.folder = layout_open_blobs(layout, digest, true, err);
	return writing.folder >= 0 && writing_begin(&writing, err) &&
	       add_bytes(&writing, bytes.at, bytes.len, err) && writing_keep(&writing, err);
}
