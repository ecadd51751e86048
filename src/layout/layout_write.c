/*
 * A draft lies in the folder of the file it becomes, since some kernels confine a process so that
 * nothing can be moved between folders. Its writer holds a lock on it, so a draft that nobody has
 * locked is what a killed process left behind. The name of one that has just been made may be gone
 * before its writer has the lock; then it makes another.
 *
 * oci-layout marks a folder as a layout, and is made last. Two processes may make it at the same
 * time: the first one counts, so that both lock the same file.
 */
#include "layout/layout_write.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/waits.h"
#include "layout/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DRAFT_START ".image-syncer-"
#define DRAFT_END ".tmp"

enum { DRAFT_TRIES = 64, LOCK_PAUSE_MS = 20, NO_REPLACE = 1 };

/* --- drafts --------------------------------------------------------------------------------- */

/* True unless somebody has removed its name meanwhile. Where nothing can be locked nobody does. */
static bool hold(int fd)
{
	struct stat info;
	return flock(fd, LOCK_EX | LOCK_NB) != 0 ? errno != EWOULDBLOCK
						 : fstat(fd, &info) == 0 && info.st_nlink;
}

bool layout_draft_open(const struct layout *layout, int folder, struct layout_draft *out,
		       struct error *err)
{
	*out = (struct layout_draft){.folder = folder, .fd = -1};
	for (unsigned tries = 0; tries < DRAFT_TRIES; tries++) {
		uint64_t random;
		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
			random = (uint64_t)getpid() * DRAFT_TRIES + tries;
		snprintf(out->name, sizeof(out->name), DRAFT_START "%016" PRIx64 DRAFT_END, random);
		int fd = openat(folder, out->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			break;
		if (hold(fd)) {
			out->fd = fd;
			return true;
		}
		close(fd);
	}
	return layout_fail(layout, "write to", "", err);
}

bool layout_draft_write(const struct layout *layout, struct layout_draft *draft, const void *bytes,
			size_t len, struct error *err)
{
	const char *at = bytes;
	while (len) {
		ssize_t done = write(draft->fd, at, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return layout_fail(layout, "write to", "", err);
		at += done;
		len -= (size_t)done;
	}
	return true;
}

bool layout_draft_keep(const struct layout *layout, struct layout_draft *draft, const char *name,
		       struct error *err)
{
	if (fsync(draft->fd) != 0 || renameat(draft->folder, draft->name, draft->folder, name) != 0)
		return layout_fail(layout, "write", name, err);
	close(draft->fd);
	draft->fd = -1;
	return true;
}

void layout_draft_close(struct layout_draft *draft)
{
	if (draft->fd < 0)
		return;
	unlinkat(draft->folder, draft->name, 0);
	close(draft->fd);
	draft->fd = -1;
}

static bool is_draft(const char *name)
{
	return str_starts(str_of(name), DRAFT_START) && str_ends(str_of(name), DRAFT_END);
}

/* Removes the drafts in folder that nobody writes to. */
static void sweep(const struct layout *layout, int folder)
{
	int copy = folder < 0 ? -1 : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	if (!list && copy >= 0)
		close(copy);
	while (list && (entry = readdir(list))) {
		scoped(layout_close) int fd = -1;
		if (!is_draft(entry->d_name))
			continue;
		fd = openat(folder, entry->d_name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    unlinkat(folder, entry->d_name, 0) == 0)
			log_debug("%s: removed what an interrupted run has left: %s", layout->path,
				  entry->d_name);
	}
	if (list)
		closedir(list);
}

/* --- a new layout --------------------------------------------------------------------------- */

/* True for what may lie in a folder that becomes a layout: other folders, or parts of a layout. */
static bool is_harmless(int folder, const struct dirent *entry)
{
	struct stat info;
	return entry->d_name[0] == '.' || strcmp(entry->d_name, "index.json") == 0 ||
	       fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
	       S_ISDIR(info.st_mode);
}

static bool check_empty(const struct layout *layout, int folder, struct error *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool empty = true;
	if (!list) {
		layout_fail(layout, "read", "", err);
		layout_close(&copy);
		return false;
	}
	while (empty && (entry = readdir(list)))
		if (!is_harmless(folder, entry))
			empty = error_set(err, ERROR_REFUSED,
					  "%s is no OCI image layout, and has a file %.100s in it: "
					  "name an empty folder, or one that is not there yet",
					  layout->path, entry->d_name);
	closedir(list);
	return empty;
}

/* Gives the draft its name unless there is a file that has it, which is as good. */
static bool keep_first(const struct layout *layout, struct layout_draft *draft, const char *name,
		       struct error *err)
{
	bool ok = fsync(draft->fd) == 0;
	if (ok && syscall(SYS_renameat2, draft->folder, draft->name, draft->folder, name,
			  NO_REPLACE) == 0) {
		close(draft->fd);
		draft->fd = -1;
		return true;
	}
	/* Not every file system has that call; those have links. */
	ok = ok && (errno == EEXIST ||
		    linkat(draft->folder, draft->name, draft->folder, name, 0) == 0 ||
		    errno == EEXIST);
	if (!ok)
		layout_fail(layout, "write", name, err);
	layout_draft_close(draft);
	return ok;
}

static bool exists(int folder, const char *name)
{
	struct stat ignored;
	return fstatat(folder, name, &ignored, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool make_file(const struct layout *layout, int folder, const char *name, struct str text,
		      struct error *err)
{
	scoped(layout_draft_close) struct layout_draft draft = {.fd = -1};
	if (exists(folder, name))
		return true;
	return layout_draft_open(layout, folder, &draft, err) &&
	       layout_draft_write(layout, &draft, text.at, text.len, err) &&
	       keep_first(layout, &draft, name, err);
}

static bool make_layout(const struct layout *layout, int folder, struct error *err)
{
	if (exists(folder, "oci-layout"))
		return true;
	return check_empty(layout, folder, err) &&
	       (mkdirat(folder, "blobs", 0777) == 0 || errno == EEXIST ||
		layout_fail(layout, "make", "blobs", err)) &&
	       make_file(layout, folder, "index.json", layout_index_empty(), err) &&
	       make_file(layout, folder, "oci-layout", layout_marker(), err);
}

/* The caller has the lock of the layout's threads. */
static bool prepare(struct layout *layout, struct error *err)
{
	scoped(layout_close) int folder = -1;
	static const char *const algorithms[] = {"sha256:", "sha512:"};
	struct error ignored;
	if (layout->ready)
		return true;
	folder = layout_open(layout, true, err);
	if (folder < 0 || !make_layout(layout, folder, err) || !layout_refresh(layout, err))
		return false;
	sweep(layout, folder);
	for (size_t i = 0; i < array_count(algorithms); i++) {
		scoped(layout_close) int blobs =
			layout_open_blobs(layout, algorithms[i], false, &ignored);
		sweep(layout, blobs);
	}
	layout->ready = true;
	return true;
}

bool layout_prepare(struct layout *layout, struct error *err)
{
	if (layout->archive)
		return archive_open(layout->archive, err);
	pthread_mutex_lock(&layout->lock);
	bool ok = prepare(layout, err);
	pthread_mutex_unlock(&layout->lock);
	return ok;
}

/* --- changing the index --------------------------------------------------------------------- */

/* True when the file that was locked is still the one of that name. */
static bool is_current(int folder, int fd)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 &&
	       fstatat(folder, "oci-layout", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* Opens and locks oci-layout. -1 with errno EWOULDBLOCK: another process has it. */
static int try_lock(const struct layout *layout, int folder)
{
	int fd = openat(folder, "oci-layout", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (locked ? is_current(folder, fd) : errno != EWOULDBLOCK) {
		if (!locked)
			log_warn("%s: cannot be locked (%s), so no other program may write to it "
				 "now",
				 layout->path, strerror(errno));
		return fd;
	}
	close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

static int take_lock(const struct layout *layout, struct error *err)
{
	struct waits_entry wait = {.kind = WAITS_TRY, .since_ms = clock_ms()};
	scoped(layout_close) int folder = layout_open(layout, false, err);
	int fd;
	if (folder < 0)
		return -1;
	while ((fd = try_lock(layout, folder)) < 0) {
		if (errno != EWOULDBLOCK) {
			layout_fail(layout, "write to", "oci-layout", err);
			break;
		}
		if (!wait.listed)
			waits_begin(&wait, "another process writes to %s", layout->path);
		if (!cancel_sleep(LOCK_PAUSE_MS)) {
			error_canceled(err);
			break;
		}
	}
	waits_end(&wait);
	return fd;
}

bool layout_change_begin(struct layout *layout, struct layout_change *out, struct error *err)
{
	*out = (struct layout_change){.lock = -1};
	pthread_mutex_lock(&layout->lock);
	out->layout = layout;
	if (layout->archive)
		return layout_refresh(layout, err);
	if (prepare(layout, err))
		out->lock = take_lock(layout, err);
	return out->lock >= 0 && layout_refresh(layout, err);
}

/* Blobs get their names on disk before the index that needs them. */
static bool sync_blobs(const struct layout *layout, struct error *err)
{
	static const char *const algorithms[] = {"sha256:", "sha512:"};
	for (size_t i = 0; i < array_count(algorithms); i++) {
		scoped(layout_close) int folder =
			layout_open_blobs(layout, algorithms[i], false, err);
		if (folder < 0 && err->kind != ERROR_MISSING)
			return false;
		if (folder >= 0 && fsync(folder) != 0 && errno != EINVAL)
			return layout_fail(layout, "write to", "blobs", err);
	}
	return true;
}

/* The index of an archive is written at its end; until then it is in memory. */
static bool keep_index(struct layout *layout, struct str text, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *copy = arena ? arena_copy(arena, text.at, text.len) : NULL;
	struct layout_index index;
	if (!copy)
		return error_memory(err);
	if (!layout_index_read(arena, (struct str){copy, text.len}, &index, err))
		return false;
	arena_free(&layout->arena);
	layout->index = index;
	layout->arena = arena;
	arena = NULL;
	return true;
}

bool layout_change_write(struct layout_change *change, struct str text, struct error *err)
{
	struct layout *layout = change->layout;
	if (layout->archive)
		return keep_index(layout, text, err);
	scoped(layout_close) int folder = layout_open(layout, false, err);
	scoped(layout_draft_close) struct layout_draft draft = {.fd = -1};
	if (folder < 0 || !sync_blobs(layout, err) ||
	    !layout_draft_open(layout, folder, &draft, err) ||
	    !layout_draft_write(layout, &draft, text.at, text.len, err) ||
	    !layout_draft_keep(layout, &draft, "index.json", err))
		return false;
	if (fsync(folder) != 0 && errno != EINVAL)
		return layout_fail(layout, "write to", "", err);
	return true;
}

void layout_change_end(struct layout_change *change)
{
	layout_close(&change->lock);
	if (change->layout)
		pthread_mutex_unlock(&change->layout->lock);
	change->layout = NULL;
}
