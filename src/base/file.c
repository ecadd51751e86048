/*
 * A rename would put a file in the place of a link, so what is no plain file by itself is opened
 * and written. Standard output is written by its descriptor under all its names: opening it again
 * would cut off what is there, and fails for a socket.
 *
 * Every write, sync and close is checked: a report that is not on disk must not be called
 * written.
 *
 * Whether a file can take the place of another is known only when it is complete. Then it is
 * produced once more, since the process has denied itself to read what it wrote.
 */
#include "base/file.h"

#include "base/cancel.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

bool file_is_stdout(const char *path)
{
	static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
	for (size_t i = 0; i < array_count(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

/* The file or link that the link at path names, relative to the folder of path. */
static bool follow_once(char path[PATH_MAX])
{
	char to[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t len = readlink(path, to, sizeof(to) - 1);
	if (len < 0)
		return false;
	to[len] = '\0';
	if (*to == '/')
		snprintf(joined, sizeof(joined), "%s", to);
	else
		snprintf(joined, sizeof(joined), "%s/%s", dirname(path), to);
	snprintf(path, PATH_MAX, "%.*s", PATH_MAX - 1, joined);
	return true;
}

bool file_folder(const char *path, char folder[PATH_MAX])
{
	enum { LINKS_MAX = 40 };
	char at[PATH_MAX];
	snprintf(at, sizeof(at), "%s", path);
	int left = LINKS_MAX;
	while (left > 0 && follow_once(at))
		left--;
	if (!left)
		errno = ELOOP;
	bool end = errno == EINVAL || errno == ENOENT; /* no link, or nothing there */
	snprintf(folder, PATH_MAX, "%s", dirname(at));
	return end;
}

bool file_read(const char *path, struct buf *out, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	/* A pipe may have no writer yet: that is waited for below, where a signal ends it. */
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

/*
 * A pipe gets pieces that it takes whole once it takes any, so that no write blocks; a file gets
 * all at once.
 */
bool file_put(int fd, struct str content)
{
	struct stat info;
	bool plain = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
	while (content.len) {
		struct str piece = plain ? content : str_head(content, PIPE_BUF);
		if (!cancel_may_write(fd)) {
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
	return error_set(err, ERROR_IO, "cannot write %s: %s", path, strerror(errno));
}

bool file_add(struct file_sink *sink, struct str piece, struct error *err)
{
	return file_put(sink->fd, piece) || cannot(sink->path, err);
}

/* Devices, pipes and the like cannot be replaced by a rename, and links should not be. */
static bool write_in_place(const char *path, file_producer *produce, const void *ctx,
			   struct error *err)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int fd = file_is_stdout(path) ? STDOUT_FILENO : open(path, flags, 0644);
	if (fd < 0)
		return cannot(path, err);
	bool written = produce(ctx, &(struct file_sink){path, fd}, err);
	if (fd != STDOUT_FILENO && close(fd) != 0 && written)
		written = cannot(path, err);
	return written;
}

/* Makes the file beside path and tells its name; -1 when it cannot be made. */
static int open_aside(const char *path, struct buf *aside)
{
	buf_printf(aside, "%s.%ld.tmp", path, (long)getpid());
	if (!buf_ok(aside)) {
		errno = ENOMEM;
		return -1;
	}
	return open(aside->at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

/*
 * A file that is a mount of its own, or in a folder that is closed to us, has no "beside": errno
 * says so.
 */
static bool has_no_beside(void)
{
	return errno == EBUSY || errno == EXDEV || errno == EACCES || errno == EROFS;
}

/* Sets *no_beside where the file could be written all the same, but in place only. */
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

/* There, and no plain file by itself. */
static bool is_special(const char *path)
{
	struct stat info;
	return file_is_stdout(path) || (lstat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

bool file_produce(const char *path, file_producer *produce, const void *ctx, struct error *err)
{
	bool in_place = is_special(path);
	if (!in_place && replace(path, produce, ctx, &in_place, err))
		return true;
	return in_place && write_in_place(path, produce, ctx, err);
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
	scoped(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0 && file_put(fd, content))
		return true;
	return cannot(path, err);
}

static bool can_replace(const char *path)
{
	scoped(buf_finish) struct buf aside = {0};
	int fd = open_aside(path, &aside);
	if (fd < 0)
		return false;
	close(fd);
	return unlink(aside.at) == 0;
}

/* A link to nothing makes a file where it points to. */
static bool can_write_in_place(const char *path)
{
	char folder[PATH_MAX];
	if (access(path, W_OK) == 0)
		return true;
	return errno == ENOENT && file_folder(path, folder) && access(folder, W_OK | X_OK) == 0;
}

bool file_writable(const char *path, struct error *err)
{
	struct stat info;
	if (file_is_stdout(path))
		return true;
	bool good = is_special(path) ? can_write_in_place(path) : can_replace(path);
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		errno = EISDIR;
		good = false;
	}
	return good || cannot(path, err);
}
