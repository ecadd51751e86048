/*
 * A small blob is in memory before its turn comes. A large one holds its turn as long as it takes,
 * since there is one file to write to and no copy beside it.
 */
#include "layout/archive_blobs.h"

#include "base/cancel.h"
#include "layout/archive.h"

#include <string.h>

enum {
	SMALL = 1024 * 1024,
	PIECE = 64 * 1024, /* it stays in the cache of a processor until it is written */
};

/* --- reading -------------------------------------------------------------------------------- */

struct archive_blob {
	struct reader reader;
	struct arena *arena;
	struct archive *archive;
	const char *digest;
	int64_t offset;
};

static bool read_blob(struct reader *reader, void *at, size_t size, size_t *got, struct error *err)
{
	struct archive_blob *blob = (struct archive_blob *)reader;
	*got = 0;
	if (cancel_urgent())
		return error_canceled(err);
	if (!archive_read(blob->archive, blob->digest, blob->offset, at, size, got, err))
		return false;
	blob->offset += (int64_t)*got;
	return true;
}

static void close_blob(struct reader *reader)
{
	struct arena *arena = ((struct archive_blob *)reader)->arena;
	arena_free(&arena);
}

bool archive_blobs_open(const struct layout *layout, const char *digest, struct blob_part *part,
			struct reader **out, struct error *err)
{
	int64_t size;
	*out = NULL;
	if (!archive_open(layout->archive, err))
		return false;
	if (!archive_has(layout->archive, digest, &size))
		return archive_lacks(layout->archive, digest, err);
	if (part->size >= 0 && size != part->size) {
		return error_set(err, ERROR_DAMAGED, "%s: the blob %s has %lld bytes, not %lld",
				 layout->path, digest, (long long)size, (long long)part->size);
	}
	struct arena *arena = arena_new_small();
	struct archive_blob *blob = arena ? arena_new_of(arena, struct archive_blob) : NULL;
	const char *copy = blob ? arena_string(arena, digest) : NULL;
	if (!copy) {
		arena_free(&arena);
		return error_memory(err);
	}
	*blob = (struct archive_blob){.reader = {.read = read_blob, .close = close_blob},
				      .arena = arena,
				      .archive = layout->archive,
				      .digest = copy,
				      .offset = part->from};
	*out = &blob->reader;
	return true;
}

/* --- writing -------------------------------------------------------------------------------- */

struct archive_writing {
	const char *digest;
	int64_t size;
};

bool archive_blobs_offer(const struct layout *layout, struct arena *arena,
			 const struct blob_offer *offer, struct blob_upload *out, struct error *err)
{
	struct archive_writing *writing = arena_new_of(arena, struct archive_writing);
	*out = (struct blob_upload){.inside = writing};
	if (!writing)
		return error_memory(err);
	*writing = (struct archive_writing){offer->digest, offer->size};
	if (!archive_open(layout->archive, err) ||
	    !layout_has(layout, offer->digest, offer->size, &out->present, err))
		return false;
	out->open = !out->present && !offer->reuse_only;
	return !out->open || archive_start(layout->archive, err);
}

/* Reads all of body; false also when it is longer than size. */
static bool gather(struct reader *body, char *at, size_t size, struct error *err)
{
	size_t done = 0, got;
	do {
		if (!body->read(body, at + done, size + 1 - done, &got, err))
			return false;
		done += got;
	} while (got && done <= size);
	return done == size ||
	       error_set(err, ERROR_CORRUPT, "%zu bytes came instead of %zu", done, size);
}

static bool send_small(const struct layout *layout, const char *name, size_t size,
		       struct reader *body, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	char *at = arena ? arena_alloc(arena, size + 1) : NULL;
	if (!at)
		return error_memory(err);
	return (!body || gather(body, at, size, err)) &&
	       archive_put(layout->archive, name, (struct str){at, size}, err);
}

static bool pull(struct archive *archive, struct reader *body, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	char *piece = arena ? arena_alloc(arena, PIECE) : NULL;
	size_t got = 0;
	if (!piece)
		return error_memory(err);
	do {
		if (cancel_urgent())
			return error_canceled(err);
		if (!body->read(body, piece, PIECE, &got, err) ||
		    (got && !archive_add(archive, piece, got, err)))
			return false;
	} while (got);
	return true;
}

static bool send_large(const struct layout *layout, const char *name, int64_t size,
		       struct reader *body, struct error *err)
{
	struct error ignored;
	if (!archive_begin(layout->archive, name, size, err))
		return false;
	bool ok = pull(layout->archive, body, err);
	return archive_end(layout->archive, ok, ok ? err : &ignored) && ok;
}

bool archive_blobs_send(const struct layout *layout, struct blob_upload *upload,
			struct reader *body, struct error *err)
{
	const struct archive_writing *writing = upload->inside;
	struct blob_name name;
	const char *member = archive_blob_name(writing->digest, &name);
	upload->open = false;
	return writing->size <= SMALL || !body
		       ? send_small(layout, member, (size_t)writing->size, body, err)
		       : send_large(layout, member, writing->size, body, err);
}

bool archive_blobs_put(const struct layout *layout, const char *digest, struct str bytes,
		       struct error *err)
{
	struct blob_name name;
	int64_t size;
	return archive_start(layout->archive, err) &&
	       (archive_has(layout->archive, digest, &size) ||
		archive_put(layout->archive, archive_blob_name(digest, &name), bytes, err));
}
