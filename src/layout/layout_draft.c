/*
 * A draft lies in the folder of the file it becomes, since some kernels confine a process so that
 * nothing can be moved between folders. Its writer holds a lock on it, so a draft that nobody has
 * locked is what a killed process left behind. The name of one that has just been made may be gone
 * before its writer has the lock; then it makes another.
 */
#include "layout/layout_draft.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#define DRAFT_START ".image-syncer-"
#define DRAFT_END ".tmp"

enum { DRAFT_TRIES = 64 };

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
		       struct stat *stamp, struct error *err)
{
	if (fsync(draft->fd) != 0 || renameat(draft->folder, draft->name, draft->folder, name) != 0)
		return layout_fail(layout, "write", name, err);
	if (stamp && fstat(draft->fd, stamp) != 0)
		*stamp = (struct stat){0};
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

void layout_draft_sweep(const struct layout *layout, int folder)
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
