/*
 * The file is replaced as a whole, so whoever is killed leaves the old one. Between reading it once
 * more and replacing it, FILE.lock is locked: of runs that end at the same time each adds to what
 * the one before has stored. The lock is one of fcntl(), which the kernel drops when the process
 * ends. Its file stays: if it were removed, one process could lock the old file and another the new
 * one.
 */
#include "cmd/state_file.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "doc/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long another process may hold the lock, which takes it a moment. */
enum { PATIENCE_MS = 10000, STEP_MS = 20 };

/* Makes the folders above a file that do not exist. What fails is found when the file is tried. */
static void make_folders(const char *path)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(folder, 0755);
		*slash = '/';
	}
}

bool state_file_prepare(const char *path, bool dry_run, struct error *err)
{
	struct path found;
	int held;
	if (!dry_run)
		make_folders(path);
	if (path_find_input(path, &found) && found.kind != PATH_FILE)
		return error_set(err, ERROR_CONFIG,
				 "%s is not a file: name one, as in %s/state.json", path, path);
	return dry_run || file_writable(path, &held, err);
}

/* A file that makes no sense is moved, for whoever wants to know why. */
static void put_aside(const char *path, bool keep, const struct error *err)
{
	scoped(buf_finish) struct buf aside = {0};
	buf_printf(&aside, "%s.damaged", path);
	bool moved = keep && buf_ok(&aside) && rename(path, aside.at) == 0;
	log_warn("%s:%s: this run does without what earlier ones have stored%s%s", path, err->text,
		 moved ? "; the file is now " : "", moved ? aside.at : "");
}

bool state_file_read(struct sync_state *state, const struct state_file *file, bool keep,
		     bool *found, struct error *err)
{
	const char *path = file->path;
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	struct path name;
	*found = false;
	if (!path_find_input(path, &name))
		return true;
	if (!file_read(path, &text, err))
		return false;
	*found = state_read(state, buf_str(&text), clock_unix(), err);
	if (*found || err->kind == ERROR_MEMORY)
		return *found;
	if (err->kind == ERROR_UNSUPPORTED && !file->cache)
		return error_set(err, ERROR_UNSUPPORTED, "%s:%s", path, err->text);
	put_aside(path, keep, err);
	return true;
}

/* --- storing -------------------------------------------------------------------------------- */

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Waits for the lock. False: errno. */
static bool wait_for(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int64_t end = clock_ms() + PATIENCE_MS;
	while (fcntl(fd, F_SETLK, &whole) != 0) {
		if ((errno != EAGAIN && errno != EACCES) || clock_ms() >= end || cancel_final())
			return false;
		poll(NULL, 0, STEP_MS);
	}
	return true;
}

/*
 * The lock of the file at path, until *fd is closed. Where no file can be made beside it there is
 * none: *fd is -1 then.
 */
static bool lock(const char *path, int *fd, struct error *err)
{
	scoped(buf_finish) struct buf name = {0};
	buf_printf(&name, "%s.lock", path);
	if (!buf_ok(&name))
		return error_memory(err);
	*fd = open(name.at, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0) {
		log_warn("%s: cannot be opened (%s): if two runs end at the same time, one's state "
			 "may get lost",
			 name.at, strerror(errno));
		return true;
	}
	return wait_for(*fd) || error_set(err, ERROR_IO, "cannot lock %s: %s", name.at,
					  errno == EAGAIN || errno == EACCES
						  ? "another process has held it for too long"
						  : strerror(errno));
}

bool state_file_store(struct sync_state *state, const struct state_file *file, struct error *err)
{
	scoped(close_fd) int fd = -1;
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	struct path target;
	bool found;
	if (!path_find(file->path, &target, err) || !lock(target.name, &fd, err) ||
	    !state_file_read(state, file, true, &found, err))
		return false;
	state_write(state, &text);
	if (!buf_ok(&text))
		return error_memory(err);
	if (!file_write(file->path, buf_str(&text), err))
		return false;
	state_stored(state);
	return true;
}
