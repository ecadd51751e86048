/*
 * Only one thread of a layout gets here (layout_put.c), so one of them waits for other processes.
 * None holds the layout's own lock while the disk is written to: others can read meanwhile.
 */
#include "layout/layout_change.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/waits.h"
#include "layout/archive.h"
#include "layout/layout_draft.h"
#include "layout/layout_make.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LOCK_PAUSE_MS = 20 };

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

static bool prepare(struct layout *layout, struct error *err)
{
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_refresh(layout, err);
	layout->changing = ok;
	pthread_mutex_unlock(&layout->lock);
	return ok;
}

bool layout_change_begin(struct layout *layout, struct layout_change *out, struct error *err)
{
	*out = (struct layout_change){.layout = layout, .lock = -1};
	if (layout->archive)
		return prepare(layout, err);
	if (layout_make(layout, err))
		out->lock = take_lock(layout, err);
	return out->lock >= 0 && prepare(layout, err);
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

/* Replaces the file; *stamp becomes its stamp. */
static bool replace(const struct layout *layout, struct stat *stamp, struct error *err)
{
	scoped(layout_close) int folder = layout_open(layout, false, err);
	scoped(layout_draft_close) struct layout_draft draft = {.fd = -1};
	scoped(buf_finish) struct buf text = buf_limit(LAYOUT_INDEX_MAX);
	if (folder < 0)
		return false;
	layout_index_write(&layout->index, &text);
	if (!buf_ok(&text))
		return error_memory(err);
	if (!sync_blobs(layout, err) || !layout_draft_open(layout, folder, &draft, err) ||
	    !layout_draft_write(layout, &draft, text.at, text.len, err) ||
	    !layout_draft_keep(layout, &draft, "index.json", stamp, err))
		return false;
	if (fsync(folder) != 0 && errno != EINVAL)
		return layout_fail(layout, "write to", "", err);
	return true;
}

bool layout_change_write(struct layout_change *change, struct error *err)
{
	struct layout *layout = change->layout;
	struct stat stamp = {0};
	/* The index of an archive is written at its end; until then it is in memory. */
	if (!layout->archive && !replace(layout, &stamp, err))
		return false;
	pthread_mutex_lock(&layout->lock);
	layout_index_commit(&layout->index);
	layout->stamp = stamp;
	pthread_mutex_unlock(&layout->lock);
	return true;
}

void layout_change_end(struct layout_change *change)
{
	if (change->layout) {
		pthread_mutex_lock(&change->layout->lock);
		layout_index_undo(&change->layout->index);
		change->layout->changing = false;
		pthread_mutex_unlock(&change->layout->lock);
	}
	layout_close(&change->lock);
	change->layout = NULL;
}
