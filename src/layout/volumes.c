/*
 * The file is written as FILE.part, which is locked meanwhile, and renamed at the end: whoever
 * looks sees the old file or the new one. Volumes are renamed one after the other, their list last.
 * What a killed process has left is written over by the next one.
 *
 * Checksums of volumes are for people (sha256sum -c) and for messages: what is read is checked by
 * the digests of blobs anyway.
 */
#include "layout/volumes.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "oci/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	VOLUMES_MAX = 9999,
	LIST_MAX = 4 * 1024 * 1024,
	HEX_LEN = 64,
	FLUSH_BYTES = 16 * 1024 * 1024, /* written before the disk is asked to begin */
	RANGE_WRITE = 2,                /* SYNC_FILE_RANGE_WRITE of linux/fs.h */
};

struct volume {
	int fd; /* -1: closed */
	int64_t size;
	char sum[HEX_LEN + 1]; /* "" without split */
	const char *name;      /* its final one */
	atomic_bool blamed;    /* the log says that it is damaged */
};

struct volumes {
	struct arena *arena;
	const char *path;
	bool writing;
	int64_t split;           /* 0: it is one file */
	int64_t flushed;         /* of the last volume: bytes that the disk was asked to write */
	struct digest_hash hash; /* of the last volume, with split */
	struct volume *items;
	size_t count;
};

static bool fail(const char *doing, const char *name, struct error *err)
{
	int code = errno;
	enum error_kind kind = code == ENOENT                     ? ERROR_MISSING
			       : code == ENOSPC || code == EDQUOT ? ERROR_FULL
			       : code == EMFILE || code == ENFILE ? ERROR_MEMORY
								  : ERROR_IO;
	error_set(err, kind, "cannot %s %s: %s", doing, name,
		  code == EFBIG ? "the file system takes no file of that size (FAT: 4 GiB); use "
				  "--split 4000M"
				: strerror(code));
	err->http_status = 0;
	err->retry_after = -1;
	err->exhausted = err->awaited = err->stopped = false;
	err->shared = 0;
	return false;
}

static struct volumes *make(struct arena *arena, const char *path)
{
	struct volumes *volumes = arena_new_of(arena, struct volumes);
	if (!volumes)
		return NULL;
	*volumes = (struct volumes){.arena = arena, .path = path};
	volumes->items = arena_array(arena, VOLUMES_MAX, sizeof(*volumes->items));
	return volumes->items ? volumes : NULL;
}

int64_t volumes_size(const struct volumes *volumes)
{
	int64_t size = 0;
	for (size_t i = 0; i < volumes->count; i++)
		size += volumes->items[i].size;
	return size;
}

/* --- writing -------------------------------------------------------------------------------- */

static const char *draft_name(const struct volumes *volumes, size_t number)
{
	return volumes->split
		       ? arena_printf(volumes->arena, "%s.part.%03zu", volumes->path, number + 1)
		       : arena_printf(volumes->arena, "%s.part", volumes->path);
}

static bool add_volume(struct volumes *volumes, struct error *err)
{
	struct volume *volume = &volumes->items[volumes->count];
	const char *draft = draft_name(volumes, volumes->count);
	if (volumes->count == VOLUMES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s: more than %d volumes: make --split "
				 "larger",
				 volumes->path, VOLUMES_MAX);
	volume->name = volumes->split ? arena_printf(volumes->arena, "%s.%03zu", volumes->path,
						     volumes->count + 1)
				      : volumes->path;
	if (!draft || !volume->name)
		return error_memory(err);
	volume->fd = open(draft, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (volume->fd < 0)
		return fail("write", draft, err);
	volume->size = 0;
	volumes->count++;
	volumes->flushed = 0;
	digest_start(&volumes->hash, STR("sha256:"));
	if (flock(volume->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(volume->fd);
		volumes->count--;
		return error_set(err, ERROR_IO, "another process writes %s", volumes->path);
	}
	return ftruncate(volume->fd, 0) == 0 || fail("write", draft, err);
}

static bool exists(const char *path)
{
	struct stat ignored;
	return path && lstat(path, &ignored) == 0;
}

bool volumes_create(struct arena *arena, const char *path, int64_t split, struct volumes **out,
		    struct error *err)
{
	struct volumes *volumes = make(arena, path);
	const char *list = arena_printf(arena, "%s.sha256", path);
	*out = volumes;
	if (!volumes || !list)
		return error_memory(err);
	volumes->writing = true;
	volumes->split = split;
	/* Readers could not know which of the two is meant. */
	const char *other = split ? path : list;
	if (exists(other))
		return error_set(
			err, ERROR_REFUSED,
			"%s is there from a run %s --split: remove it, or write to another "
			"name",
			other, split ? "without" : "with");
	return add_volume(volumes, err);
}

static struct volume *last(const struct volumes *volumes)
{
	return &volumes->items[volumes->count - 1];
}

static void close_sum(struct volumes *volumes)
{
	char digest[DIGEST_TEXT_SIZE];
	struct digest_hash copy = volumes->hash;
	digest_finish(&copy, digest);
	snprintf(last(volumes)->sum, sizeof(last(volumes)->sum), "%s", strchr(digest, ':') + 1);
}

static bool write_some(struct volumes *volumes, const char *at, size_t len, struct error *err)
{
	struct volume *volume = last(volumes);
	if (volumes->split)
		digest_update(&volumes->hash, at, len);
	while (len) {
		ssize_t done = pwrite(volume->fd, at, len, volume->size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail("write", volume->name, err);
		volume->size += done;
		at += done;
		len -= (size_t)done;
	}
	if (volume->size - volumes->flushed >= FLUSH_BYTES) {
		(void)syscall(SYS_sync_file_range, volume->fd, volumes->flushed,
			      volume->size - volumes->flushed, RANGE_WRITE);
		volumes->flushed = volume->size;
	}
	return true;
}

bool volumes_append(struct volumes *volumes, const void *bytes, size_t len, struct error *err)
{
	const char *at = bytes;
	while (len) {
		size_t piece = len;
		if (volumes->split && last(volumes)->size == volumes->split) {
			close_sum(volumes);
			if (!add_volume(volumes, err))
				return false;
		}
		int64_t room = volumes->split - last(volumes)->size;
		if (volumes->split && (int64_t)piece > room)
			piece = (size_t)room;
		if (!write_some(volumes, at, piece, err))
			return false;
		at += piece;
		len -= piece;
	}
	return true;
}

bool volumes_mark(struct volumes *volumes, struct volumes_mark *out, struct error *err)
{
	struct digest_hash *sum =
		volumes->split ? arena_new_of(volumes->arena, struct digest_hash) : NULL;
	if (volumes->split && !sum)
		return error_memory(err);
	if (sum)
		*sum = volumes->hash;
	*out = (struct volumes_mark){last(volumes)->size, volumes->count, sum};
	return true;
}

static void remove_last(struct volumes *volumes)
{
	const char *draft = draft_name(volumes, volumes->count - 1);
	if (draft)
		unlink(draft);
	close(last(volumes)->fd);
	last(volumes)->fd = -1;
	volumes->count--;
}

bool volumes_return(struct volumes *volumes, const struct volumes_mark *mark, struct error *err)
{
	while (volumes->count > mark->number)
		remove_last(volumes);
	last(volumes)->size = mark->offset;
	if (volumes->flushed > mark->offset)
		volumes->flushed = mark->offset;
	if (mark->sum)
		volumes->hash = *(const struct digest_hash *)mark->sum;
	return ftruncate(last(volumes)->fd, mark->offset) == 0 ||
	       fail("write", last(volumes)->name, err);
}

/* The list of volumes, as sha256sum -c reads it. */
static bool write_list(const struct volumes *volumes, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	const char *path = arena_printf(volumes->arena, "%s.sha256", volumes->path);
	for (size_t i = 0; i < volumes->count; i++) {
		const char *slash = strrchr(volumes->items[i].name, '/');
		buf_printf(&text, "%s  %s\n", volumes->items[i].sum,
			   slash ? slash + 1 : volumes->items[i].name);
	}
	return (path && buf_ok(&text)) ? file_write(path, buf_str(&text), err) : error_memory(err);
}

/* So that the names outlive a loss of power. Not every file system can do that. */
static void sync_folder(const struct volumes *volumes)
{
	const char *slash = strrchr(volumes->path, '/');
	size_t len = slash ? (size_t)(slash - volumes->path) + 1 : 0;
	const char *path = slash ? arena_copy(volumes->arena, volumes->path, len) : ".";
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

bool volumes_finish(struct volumes *volumes, struct error *err)
{
	if (volumes->split)
		close_sum(volumes);
	for (size_t i = 0; i < volumes->count; i++)
		if (fsync(volumes->items[i].fd) != 0)
			return fail("write", volumes->items[i].name, err);
	for (size_t i = 0; i < volumes->count; i++) {
		const char *draft = draft_name(volumes, i);
		if (!draft)
			return error_memory(err);
		if (rename(draft, volumes->items[i].name) != 0)
			return fail("write", volumes->items[i].name, err);
	}
	volumes->writing = false;
	sync_folder(volumes);
	return !volumes->split || write_list(volumes, err);
}

void volumes_close(struct volumes **volumes)
{
	struct volumes *old = *volumes;
	*volumes = NULL;
	if (!old)
		return;
	while (old->writing && old->count)
		remove_last(old);
	for (size_t i = 0; i < old->count; i++)
		if (old->items[i].fd >= 0)
			close(old->items[i].fd);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool open_volume(struct volumes *volumes, const char *name, struct str sum,
			struct error *err)
{
	struct stat info;
	struct volume *volume = &volumes->items[volumes->count];
	if (!name)
		return error_memory(err);
	volume->name = name;
	volume->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (volume->fd < 0)
		return fail("read", name, err);
	volumes->count++;
	snprintf(volume->sum, sizeof(volume->sum), "%.*s", STR_ARGS(sum));
	if (fstat(volume->fd, &info) != 0)
		return fail("read", name, err);
	volume->size = info.st_size;
	return S_ISREG(info.st_mode) || error_set(err, ERROR_IO, "%s is no file", name);
}

/* "SUM  NAME" */
static bool open_listed(struct volumes *volumes, struct str line, struct error *err)
{
	const char *slash = strrchr(volumes->path, '/');
	int folder = slash ? (int)(slash - volumes->path) + 1 : 0;
	struct str sum = str_head(line, HEX_LEN), name = str_from(line, HEX_LEN + 2);
	if (sum.len < HEX_LEN || !name.len || str_find(name, '/') < name.len ||
	    volumes->count == VOLUMES_MAX)
		return error_set(err, ERROR_DAMAGED, "%s.sha256 is no list of volumes",
				 volumes->path);
	const char *path =
		arena_printf(volumes->arena, "%.*s%.*s", folder, volumes->path, STR_ARGS(name));
	if (open_volume(volumes, path, sum, err))
		return true;
	/* The list says that it exists, so this is no archive that is not there. */
	err->kind = err->kind == ERROR_MISSING ? ERROR_DAMAGED : err->kind;
	return error_wrap(err, "a volume of %s is missing", volumes->path);
}

static bool check_sizes(const struct volumes *volumes, struct error *err)
{
	for (size_t i = 0; i + 1 < volumes->count; i++) {
		const struct volume *volume = &volumes->items[i];
		if (volume->size == volumes->items[0].size && volume->size)
			continue;
		return error_set(err, ERROR_DAMAGED,
				 "the volume %s has %lld bytes, but the first has "
				 "%lld: it is damaged",
				 volume->name, (long long)volume->size,
				 (long long)volumes->items[0].size);
	}
	return true;
}

static bool open_list(struct volumes *volumes, struct error *err)
{
	scoped(buf_finish) struct buf text = buf_limit(LIST_MAX);
	const char *list = arena_printf(volumes->arena, "%s.sha256", volumes->path);
	if (!list)
		return error_memory(err);
	const char *first = arena_printf(volumes->arena, "%s.001", volumes->path);
	if (!exists(list) && exists(first))
		return error_set(err, ERROR_IO,
				 "%s is there, but not %s, the list of all volumes: copy it as "
				 "well",
				 first, list);
	if (!exists(list))
		return error_set(
			err, ERROR_MISSING,
			"there is no file %s: check the name, and that its disk is mounted",
			volumes->path);
	if (!file_read(list, &text, err)) {
		err->kind = ERROR_IO;
		return false;
	}
	struct str rest = buf_str(&text), line;
	while (str_cut(&rest, '\n', &line))
		if (line.len && !open_listed(volumes, line, err))
			return false;
	return check_sizes(volumes, err);
}

bool volumes_open(struct arena *arena, const char *path, struct volumes **out, struct error *err)
{
	struct volumes *volumes = make(arena, path);
	*out = volumes;
	if (!volumes)
		return error_memory(err);
	if (open_volume(volumes, path, (struct str){0}, err))
		return true;
	return err->kind == ERROR_MISSING && open_list(volumes, err);
}

bool volumes_read(const struct volumes *volumes, int64_t offset, void *at, size_t size, size_t *got,
		  struct error *err)
{
	size_t number = 0;
	*got = 0;
	while (number < volumes->count && offset >= volumes->items[number].size)
		offset -= volumes->items[number++].size;
	if (number == volumes->count)
		return true;
	const struct volume *volume = &volumes->items[number];
	if ((int64_t)size > volume->size - offset)
		size = (size_t)(volume->size - offset);
	for (;;) {
		ssize_t done = pread(volume->fd, at, size, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail("read", volume->name, err);
		*got = (size_t)done;
		return true;
	}
}

/* True when the volume has the sum that is listed. */
static bool is_right(const struct volume *volume)
{
	char piece[16384], digest[DIGEST_TEXT_SIZE];
	struct digest_hash hash;
	ssize_t got;
	int64_t offset = 0;
	digest_start(&hash, STR("sha256:"));
	while ((got = pread(volume->fd, piece, sizeof(piece), offset)) > 0) {
		digest_update(&hash, piece, (size_t)got);
		offset += got;
	}
	digest_finish(&hash, digest);
	return strcmp(strchr(digest, ':') + 1, volume->sum) == 0;
}

void volumes_blame(struct volumes *volumes, int64_t offset, int64_t size)
{
	int64_t start = 0;
	for (size_t i = 0; i < volumes->count; i++) {
		struct volume *volume = &volumes->items[i];
		bool touched = start < offset + size && start + volume->size > offset;
		start += volume->size;
		if (!touched || !*volume->sum || atomic_load(&volume->blamed) || is_right(volume) ||
		    atomic_exchange(&volume->blamed, true))
			continue;
		log_error("the volume %s is damaged: copy it once more", volume->name);
	}
}
