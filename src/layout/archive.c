/*
 * Members are found by one walk over all headers, a read of 512 bytes for each. A member that
 * breaks off while it is written is cut off again, so that the next one can follow.
 */
#include "layout/archive.h"

#include "base/cancel.h"
#include "base/cond.h"
#include "base/map.h"
#include "layout/archive_index.h"
#include "layout/tar.h"
#include "layout/volumes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MEMBER_MAX = 64 * 1024 * 1024, RECORDS_MAX = 64 * 1024, LOOK_MS = 500 };

struct archive_place {
	int64_t offset, size; /* of the content */
};

struct archive {
	const char *path;
	bool written;
	int64_t split;
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows, but for the writer's own */
	pthread_cond_t changed;
	struct volumes *volumes; /* NULL: not open */
	struct map places;       /* name of a member -> struct archive_place */
	bool known;              /* its members were listed */
	struct error damage;     /* why they cannot be; it does not go away by reading again */
	bool busy;               /* a member is being written: what follows is its writer's */
	const char *name;
	int64_t size, left;
	struct volumes_mark mark;
	struct archive_index index; /* has its own lock */
};

struct archive *archive_new(struct arena *arena, const char *path, bool written, int64_t split)
{
	struct archive *archive = arena_new_of(arena, struct archive);
	if (!archive)
		return NULL;
	*archive = (struct archive){
		.path = path, .written = written, .split = split, .arena = arena_new()};
	pthread_mutex_init(&archive->lock, NULL);
	cond_init(&archive->changed);
	archive_index_init(&archive->index);
	return archive->arena ? archive : NULL;
}

void archive_close(struct archive *archive)
{
	volumes_close(&archive->volumes);
	map_finish(&archive->places);
	archive_index_finish(&archive->index);
	pthread_mutex_destroy(&archive->lock);
	pthread_cond_destroy(&archive->changed);
	arena_free(&archive->arena);
}

/* --- members -------------------------------------------------------------------------------- */

/* False without memory. */
static bool remember(struct archive *archive, const char *name, int64_t offset, int64_t size)
{
	struct archive_place *place = arena_new_of(archive->arena, struct archive_place);
	if (!place)
		return false;
	*place = (struct archive_place){offset, size};
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return map_put(&archive->places, str_of(name), place);
}

static bool read_fully(const struct archive *archive, int64_t offset, char *at, size_t size,
		       struct error *err)
{
	for (size_t done = 0, got; done < size; done += got) {
		if (!volumes_read(archive->volumes, offset + (int64_t)done, at + done, size - done,
				  &got, err))
			return false;
		if (!got)
			return error_set(err, ERROR_CORRUPT, "%s ends early: it is not complete",
					 archive->path);
	}
	return true;
}

/* Takes what a member says about the one that follows. */
static bool read_extension(const struct archive *archive, const struct tar_member *member,
			   int64_t offset, struct tar_member *next, struct error *err)
{
	char text[RECORDS_MAX];
	if (member->size >= RECORDS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "%s has a member with %lld bytes of names",
				 archive->path, (long long)member->size);
	if (!read_fully(archive, offset, text, (size_t)member->size, err))
		return false;
	text[member->size] = '\0';
	if (member->kind == TAR_NAME)
		snprintf(next->name, sizeof(next->name), "%.*s", TAR_NAME_MAX, text);
	else
		tar_extend((struct str){text, (size_t)member->size}, next);
	return true;
}

/* The member at *offset, which is moved behind it. */
static bool read_next(struct archive *archive, int64_t *offset, struct tar_member *extended,
		      bool *end, struct error *err)
{
	char block[TAR_BLOCK];
	struct tar_member member;
	if (!read_fully(archive, *offset, block, sizeof(block), err) ||
	    !tar_parse(block, &member, err))
		return false;
	*offset += TAR_BLOCK;
	*end = member.kind == TAR_END;
	if (member.kind == TAR_NAME || member.kind == TAR_EXTENDED) {
		if (!read_extension(archive, &member, *offset, extended, err))
			return false;
	} else if (!*end) {
		if (extended->size >= 0)
			member.size = extended->size;
		const char *name = *extended->name ? extended->name : member.name;
		if (member.kind == TAR_FILE && !remember(archive, name, *offset, member.size))
			return error_memory(err);
		*extended = (struct tar_member){.size = -1};
	}
	if (member.size > volumes_size(archive->volumes) - *offset)
		return error_set(err, ERROR_CORRUPT, "%s ends early: it is not complete",
				 archive->path);
	*offset += member.size + tar_padding(member.size);
	return true;
}

static bool is_compressed(const struct archive *archive)
{
	unsigned char start[2];
	struct error ignored;
	return read_fully(archive, 0, (char *)start, sizeof(start), &ignored) &&
	       ((start[0] == 0x1f && start[1] == 0x8b) || (start[0] == 0x28 && start[1] == 0xb5));
}

static bool list(struct archive *archive, struct error *err)
{
	struct tar_member extended = {.size = -1};
	bool end = false;
	if (is_compressed(archive))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s is compressed: unpack it first, as by gunzip or zstd -d",
				 archive->path);
	for (int64_t offset = 0; !end && offset < volumes_size(archive->volumes);)
		if (!read_next(archive, &offset, &extended, &end, err))
			return error_wrap(err, "%s", archive->path);
	return true;
}

static bool open_locked(struct archive *archive, struct error *err)
{
	if (archive->written || archive->known)
		return true;
	if (archive->damage.kind != ERROR_NONE) {
		*err = archive->damage;
		return false;
	}
	if (!volumes_open(archive->arena, archive->path, &archive->volumes, err)) {
		volumes_close(&archive->volumes);
		return false;
	}
	archive->known = list(archive, err);
	if (archive->known)
		return true;
	if (err->kind == ERROR_CORRUPT) {
		volumes_blame(archive->volumes, 0, volumes_size(archive->volumes));
		err->kind = ERROR_DAMAGED;
		archive->damage = *err;
	}
	volumes_close(&archive->volumes);
	return false;
}

bool archive_start(struct archive *archive, struct error *err)
{
	pthread_mutex_lock(&archive->lock);
	bool ok = archive->volumes || volumes_create(archive->arena, archive->path, archive->split,
						     &archive->volumes, err);
	if (!ok)
		volumes_close(&archive->volumes);
	pthread_mutex_unlock(&archive->lock);
	return ok;
}

bool archive_is_written(const struct archive *archive)
{
	return archive->written;
}

struct archive_index *archive_index_of(struct archive *archive)
{
	return &archive->index;
}

const char *archive_path(const struct archive *archive)
{
	return archive->path;
}

bool archive_open(struct archive *archive, struct error *err)
{
	pthread_mutex_lock(&archive->lock);
	bool ok = open_locked(archive, err);
	pthread_mutex_unlock(&archive->lock);
	return ok;
}

bool archive_is_begun(const struct archive *archive)
{
	return archive->written && archive->volumes;
}

static bool find(struct archive *archive, const char *name, struct archive_place *out)
{
	pthread_mutex_lock(&archive->lock);
	const struct archive_place *place = map_get(&archive->places, str_of(name));
	if (place)
		*out = *place;
	pthread_mutex_unlock(&archive->lock);
	return place != NULL;
}

const char *archive_blob_name(const char *digest, struct blob_name *out)
{
	snprintf(out->text, sizeof(out->text), "blobs/%s", digest);
	*strchr(out->text, ':') = '/';
	return out->text;
}

bool archive_member(struct archive *archive, const char *name, struct arena *arena, struct str *out,
		    struct error *err)
{
	struct archive_place place;
	if (!find(archive, name, &place))
		return error_set(err, ERROR_MISSING, "%s has no %s in it", archive->path, name);
	if (place.size > MEMBER_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "%s: %s is larger than %d bytes",
				 archive->path, name, MEMBER_MAX);
	char *at = arena_alloc(arena, (size_t)place.size + 1);
	if (!at)
		return error_memory(err);
	*out = (struct str){at, (size_t)place.size};
	return read_fully(archive, place.offset, at, (size_t)place.size, err);
}

bool archive_has(struct archive *archive, const char *digest, int64_t *size)
{
	struct blob_name name;
	struct archive_place place;
	if (!find(archive, archive_blob_name(digest, &name), &place))
		return false;
	*size = place.size;
	return true;
}

bool archive_lacks(struct archive *archive, const char *digest, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text, base = {0};
	struct error ignored;
	if (arena && archive_member(archive, "index.json", arena, &text, &ignored))
		base = layout_index_annotation(arena, text, ARCHIVE_BASE_ANNOTATION);
	if (base.len)
		return error_set(err, ERROR_MISSING,
				 "%s leaves out the blob %s, for a side that has got %.*s: import "
				 "that first",
				 archive->path, digest, STR_ARGS(str_head(base, 200)));
	return error_set(err, ERROR_MISSING, "%s does not have the blob %s", archive->path, digest);
}

bool archive_read(struct archive *archive, const char *digest, int64_t offset, void *at,
		  size_t size, size_t *got, struct error *err)
{
	struct blob_name name;
	struct archive_place place;
	*got = 0;
	if (!find(archive, archive_blob_name(digest, &name), &place))
		return archive_lacks(archive, digest, err);
	if ((int64_t)size > place.size - offset)
		size = (size_t)(place.size - offset);
	return !size || volumes_read(archive->volumes, place.offset + offset, at, size, got, err);
}

void archive_blame(struct archive *archive, const char *digest)
{
	struct blob_name name;
	struct archive_place place;
	if (find(archive, archive_blob_name(digest, &name), &place))
		volumes_blame(archive->volumes, place.offset, place.size);
}

/* --- writing -------------------------------------------------------------------------------- */

/* Waits until no other member is being written. */
static bool take_turn(struct archive *archive, struct error *err)
{
	pthread_mutex_lock(&archive->lock);
	while (archive->busy && !cancel_requested())
		cond_wait_ms(&archive->changed, &archive->lock, LOOK_MS);
	bool free = !archive->busy;
	archive->busy = true;
	pthread_mutex_unlock(&archive->lock);
	return free || error_canceled(err);
}

static void end_turn(struct archive *archive)
{
	pthread_mutex_lock(&archive->lock);
	archive->busy = false;
	pthread_cond_broadcast(&archive->changed);
	pthread_mutex_unlock(&archive->lock);
}

bool archive_begin(struct archive *archive, const char *name, int64_t size, struct error *err)
{
	char block[TAR_BLOCK];
	if (!take_turn(archive, err))
		return false;
	archive->name = name;
	archive->size = archive->left = size;
	tar_header(name, size, block);
	if (volumes_mark(archive->volumes, &archive->mark, err)) {
		if (volumes_append(archive->volumes, block, sizeof(block), err))
			return true;
		struct error ignored;
		(void)volumes_return(archive->volumes, &archive->mark, &ignored);
	}
	end_turn(archive);
	return false;
}

bool archive_add(struct archive *archive, const void *bytes, size_t len, struct error *err)
{
	if ((int64_t)len > archive->left)
		return error_set(err, ERROR_CORRUPT, "more than %lld bytes came",
				 (long long)archive->size);
	archive->left -= (int64_t)len;
	return volumes_append(archive->volumes, bytes, len, err);
}

static bool complete(struct archive *archive, struct error *err)
{
	static const char zeros[TAR_BLOCK];
	int64_t padding = tar_padding(archive->size);
	if (archive->left)
		return error_set(err, ERROR_CORRUPT, "%lld bytes are missing",
				 (long long)archive->left);
	if (!volumes_append(archive->volumes, zeros, (size_t)padding, err))
		return false;
	int64_t end = volumes_size(archive->volumes) - padding;
	pthread_mutex_lock(&archive->lock);
	bool ok = remember(archive, archive->name, end - archive->size, archive->size);
	pthread_mutex_unlock(&archive->lock);
	return ok || error_memory(err);
}

bool archive_end(struct archive *archive, bool keep, struct error *err)
{
	struct error ignored;
	bool ok = keep && complete(archive, err);
	if (!ok)
		(void)volumes_return(archive->volumes, &archive->mark, &ignored);
	end_turn(archive);
	return ok || !keep;
}

bool archive_put(struct archive *archive, const char *name, struct str bytes, struct error *err)
{
	if (!archive_begin(archive, name, (int64_t)bytes.len, err))
		return false;
	bool ok = archive_add(archive, bytes.at, bytes.len, err);
	struct error ignored;
	return archive_end(archive, ok, ok ? err : &ignored) && ok;
}

bool archive_finish(struct archive *archive, struct error *err)
{
	static const char end[2 * TAR_BLOCK];
	return volumes_append(archive->volumes, end, sizeof(end), err) &&
	       volumes_finish(archive->volumes, err);
}
