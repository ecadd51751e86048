/*
 * A rename would replace a link by a file, so links are followed first (path.c). Standard output
 * and other open descriptors are written directly, under all their names: opening them again would
 * truncate them, and fails for a socket.
 *
 * Every write, sync and close is checked: a report that is not on disk must not be called written.
 *
 * Whether a file can replace another is known only when it is complete. If it cannot, the content
 * is produced a second time, because confinement keeps the process from reading what it wrote.
 */
#include "base/file.h"

#include "base/cancel.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

bool file_is_stdout(const char *path)
{
	return path_descriptor(path) == STDOUT_FILENO;
}

bool file_read(const char *path, struct buf *out, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	/* A pipe may have no writer yet; the wait for one is below, where a signal can end it. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
	scoped(close_fd) int fd = standard ? STDIN_FILENO : open(path, flags);
	if (fd < 0)
		return error_set(err, ERROR_CONFIG, "cannot open %s: %s", path, strerror(errno));
	char chunk[16384];
	for (;;) {
		if (!cancel_may_read(fd)) {
			error_canceled(err);
			return error_wrap(err, "reading %s", standard ? "standard input" : path);
		}
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return error_set(err, ERROR_CONFIG, "cannot read %s: %s", path,
					 strerror(errno));
		if (got == 0)
			return true;
		buf_add(out, chunk, (size_t)got);
		if (!buf_ok(out))
			return error_set(err, ERROR_CONFIG, "%s is too large", path);
	}
}

/* --- writing ------------------------------------------------------------------------------- */

/* How long a pipe's reader may pause; on stdout and stderr there is no limit. */
enum { PATIENCE_MS = 30000 };

/*
 * A pipe is written in pieces it always takes whole, so no write blocks; a file gets everything at
 * once.
 */
bool file_put(int fd, struct str content)
{
	struct stat info;
	bool plain = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
	while (content.len) {
		struct str piece = plain ? content : str_head(content, PIPE_BUF);
		if (!cancel_may_write(fd, fd <= STDERR_FILENO ? -1 : PATIENCE_MS)) {
			errno = ETIMEDOUT;
			return false;
		}
		ssize_t sent = write(fd, piece.at, piece.len);
		if (sent < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (sent < 0)
			return false;
		content = str_from(content, (size_t)sent);
	}
	return true;
}

struct file_sink {
	const char *path; /* for messages */
	int fd;
};

static bool cannot(const char *path, struct error *err)
{
	if (errno == ETIMEDOUT)
		return error_set(err, ERROR_IO, "cannot write %s: its reader stopped reading",
				 path);
	return error_set(err, ERROR_IO, "cannot write %s: %s", path, strerror(errno));
}

bool file_add(struct file_sink *sink, struct str piece, struct error *err)
{
	return file_put(sink->fd, piece) || cannot(sink->path, err);
}

/* Opens what was found and truncates a file. -1: err is set. */
static int open_found(const struct path *found, struct error *err)
{
	int fd = path_open(found, 0, err);
	if (fd >= 0 && found->kind != PATH_DESCRIPTOR && found->regular && ftruncate(fd, 0) != 0) {
		cannot(found->name, err);
		close(fd);
		return -1;
	}
	return fd;
}

/* False when closing reports a failed write. A descriptor that was already open stays open. */
static bool close_found(const struct path *found, int fd)
{
	return found->kind == PATH_DESCRIPTOR || close(fd) == 0;
}

/* A descriptor that was already open stays so, and the caller gets one to close. */
static int own(const struct path *found, int fd, const char *path, struct error *err)
{
	if (fd < 0 || found->kind != PATH_DESCRIPTOR)
		return fd;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd < 0)
		cannot(path, err);
	return fd;
}

int file_open(const char *path, struct error *err)
{
	struct path found;
	return path_find(path, &found, err) ? own(&found, open_found(&found, err), path, err) : -1;
}

int file_open_end(const char *path, struct error *err)
{
	struct path found;
	return path_find(path, &found, err)
		       ? own(&found, path_open(&found, O_APPEND, err), path, err)
		       : -1;
}

static bool write_in_place(const struct path *found, file_producer *produce, const void *ctx,
			   struct error *err)
{
	int fd = open_found(found, err);
	if (fd < 0)
		return false;
	bool written = produce(ctx, &(struct file_sink){found->name, fd}, err);
	if (!close_found(found, fd) && written)
		written = cannot(found->name, err);
	return written;
}

/* --- replacing ----------------------------------------------------------------------------- */

enum { ASIDE_TRIES = 16 };

/*
 * Makes a file beside path and puts its name into *aside; -1 when it cannot be made. Several
 * threads may write the same path, and a process that was killed may have left a file: in a
 * container, its number is that of every process before it.
 */
static int open_aside(const char *path, struct buf *aside)
{
	int fd = -1;
	errno = EEXIST;
	for (unsigned tries = 0; fd < 0 && errno == EEXIST && tries < ASIDE_TRIES; tries++) {
		uint64_t random;
		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
			random = (uint64_t)getpid() * ASIDE_TRIES + tries;
		buf_reset(aside);
		buf_printf(aside, "%s.%016" PRIx64 ".tmp", path, random);
		if (!buf_ok(aside)) {
			errno = ENOMEM;
			return -1;
		}
		fd = open(aside->at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
	return fd;
}

/*
 * True when errno says that no file can be made beside it: it is a mount point, or the folder is
 * not writable.
 */
static bool has_no_beside(void)
{
	return errno == EBUSY || errno == EXDEV || errno == EACCES || errno == EROFS;
}

/* Sets *no_beside when the file can only be written in place. */
static bool replace(const char *path, file_producer *produce, const void *ctx, bool *no_beside,
		    struct error *err)
{
	scoped(buf_finish) struct buf aside = {0};
	int fd = open_aside(path, &aside);
	if (fd < 0) {
		*no_beside = has_no_beside();
		return cannot(path, err);
	}
	bool written = produce(ctx, &(struct file_sink){path, fd}, err) &&
		       (fsync(fd) == 0 || cannot(path, err));
	if (close(fd) != 0 && written)
		written = cannot(path, err);
	if (written && rename(aside.at, path) == 0)
		return true;
	if (written) {
		*no_beside = has_no_beside();
		cannot(path, err);
	}
	unlink(aside.at);
	return false;
}

bool file_produce(const char *path, file_producer *produce, const void *ctx, struct error *err)
{
	struct path found;
	if (!path_find(path, &found, err))
		return false;
	bool in_place = found.kind > PATH_FILE;
	if (!in_place && replace(found.name, produce, ctx, &in_place, err))
		return true;
	return in_place && write_in_place(&found, produce, ctx, err);
}

static bool produce_whole(const void *content, struct file_sink *sink, struct error *err)
{
	return file_add(sink, *(const struct str *)content, err);
}

bool file_write(const char *path, struct str content, struct error *err)
{
	return file_produce(path, produce_whole, &content, err);
}

bool file_append(const char *path, struct str content, struct error *err)
{
	struct path found;
	if (!path_find(path, &found, err))
		return false;
	int fd = path_open(&found, O_APPEND, err);
	if (fd < 0)
		return false;
	bool written = file_put(fd, content) || cannot(path, err);
	if (!close_found(&found, fd) && written)
		written = cannot(path, err);
	return written;
}

/* --- whether it can be written ------------------------------------------------------------- */

/* Sets *no_beside as replace() does. */
static bool can_replace(const char *path, bool *no_beside, struct error *err)
{
	scoped(buf_finish) struct buf aside = {0};
	int fd = open_aside(path, &aside);
	if (fd < 0) {
		*no_beside = has_no_beside();
		return cannot(path, err);
	}
	close(fd);
	return unlink(aside.at) == 0 || cannot(path, err);
}

/* A device, a pipe, or a file that cannot be replaced. */
static bool can_write_in_place(const struct path *found, int *held, struct error *err)
{
	int fd = path_open(found, 0, err);
	if (fd < 0)
		return false;
	if (found->kind == PATH_STREAM && !found->device)
		*held = fd;
	else
		close(fd);
	return true;
}

bool file_writable(const char *path, int *held, struct error *err)
{
	struct path found;
	*held = -1;
	if (!path_find(path, &found, err))
		return false;
	if (found.kind == PATH_DESCRIPTOR)
		return true;
	if (found.kind == PATH_FOLDER) {
		errno = EISDIR;
		return cannot(path, err);
	}
	bool in_place = found.kind == PATH_STREAM;
	if (!in_place && can_replace(found.name, &in_place, err))
		return true;
	return in_place && found.kind != PATH_NOTHING && can_write_in_place(&found, held, err);
}
