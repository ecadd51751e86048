/*
 * The kernel has similar rules (fs.protected_symlinks and others), but only for folders that
 * everybody may write, and an administrator can switch them off. A link is followed by reading it
 * and opening its target without following anything, so no other link can take its place in
 * between.
 *
 * Links below /proc are the kernel's own and may lead to objects without a name; they are opened
 * directly.
 */
#include "base/path.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

int path_descriptor(const char *name)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	int64_t number;
	if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(name, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < array_count(folders); i++)
		if (str_starts(str_of(name), folders[i]) &&
		    str_to_int64(str_from(str_of(name), strlen(folders[i])), &number) &&
		    number <= INT_MAX)
			return (int)number;
	return -1;
}

static bool cannot(const char *name, struct error *err)
{
	return error_set(err, ERROR_IO, "cannot write %s: %s", name, strerror(errno));
}

/* --- whose it is --------------------------------------------------------------------------- */

/* Under sudo, files of the calling user count as ours as well. */
static bool is_ours(uid_t owner)
{
	int64_t user;
	const char *sudo = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
	return owner == geteuid() || owner == 0 ||
	       (sudo && str_to_int64(str_of(sudo), &user) && (uint64_t)user == owner);
}

/*
 * True when another user can create files in the folder. A user's own group usually has no other
 * members.
 */
static bool is_shared(const struct stat *folder)
{
	return !is_ours(folder->st_uid) || (folder->st_mode & S_IWOTH) ||
	       ((folder->st_mode & S_IWGRP) && folder->st_gid != getegid());
}

static bool folder_of(const char *name, struct stat *out)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof(copy), "%s", name);
	return stat(dirname(copy), out) == 0;
}

/* In a sticky folder only the owner of a link can replace it. */
static bool is_trusted(const char *name, const struct stat *link)
{
	struct stat folder;
	if (!is_ours(link->st_uid) || !folder_of(name, &folder))
		return false;
	return !is_shared(&folder) || (is_ours(folder.st_uid) && (folder.st_mode & S_ISVTX));
}

/* --- finding ------------------------------------------------------------------------------- */

static bool is_kernels(const char *name)
{
	return str_starts(str_of(name), "/proc/");
}

/* The length of the shortest prefix of name that is a link; 0: no prefix is. */
static size_t first_link(const char *name, struct stat *link)
{
	char head[PATH_MAX];
	size_t len = 0;
	while (name[len]) {
		len += strspn(name + len, "/");
		len += strcspn(name + len, "/");
		snprintf(head, sizeof(head), "%.*s", (int)len, name);
		if (lstat(head, link) != 0)
			return 0;
		if (S_ISLNK(link->st_mode))
			return len;
	}
	return 0;
}

/*
 * Replaces the link by its target, relative to its folder; rest is the part of the path after it.
 */
static bool follow(char name[PATH_MAX], char link[PATH_MAX], const char *rest)
{
	char to[PATH_MAX], joined[3 * PATH_MAX];
	ssize_t len = readlink(link, to, sizeof(to) - 1);
	if (len < 0)
		return false;
	to[len] = '\0';
	if (*to == '/')
		snprintf(joined, sizeof(joined), "%s%s", to, rest);
	else
		snprintf(joined, sizeof(joined), "%s/%s%s", dirname(link), to, rest);
	if (strlen(joined) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	snprintf(name, PATH_MAX, "%.*s", PATH_MAX - 1, joined);
	return true;
}

/* Follows links, beginning with the first folder, until no link or a descriptor is left. */
static bool follow_all(const char *given, char name[PATH_MAX], struct error *err)
{
	struct stat info;
	char link[PATH_MAX], rest[PATH_MAX];
	for (int left = LINKS_MAX; left > 0; left--) {
		if (path_descriptor(name) >= 0 || is_kernels(name))
			return true;
		size_t len = first_link(name, &info);
		if (!len)
			return true;
		snprintf(link, sizeof(link), "%.*s", (int)len, name);
		snprintf(rest, sizeof(rest), "%s", name + len);
		if (!is_trusted(link, &info))
			return error_set(err, ERROR_IO,
					 "cannot write %s: %s is a link that another user made or "
					 "can replace (owner %lu): name the file itself",
					 given, link, (unsigned long)info.st_uid);
		if (!follow(name, link, rest))
			return cannot(given, err);
	}
	errno = ELOOP;
	return cannot(given, err);
}

static void fill(struct path *out, const struct stat *info)
{
	out->regular = S_ISREG(info->st_mode);
	out->device = S_ISCHR(info->st_mode);
	out->dev = info->st_dev;
	out->ino = info->st_ino;
	if (out->kind == PATH_DESCRIPTOR)
		return;
	/* No file can be created beside a link of the kernel. */
	if (S_ISREG(info->st_mode) && !is_kernels(out->name))
		out->kind = PATH_FILE;
	else
		out->kind = S_ISDIR(info->st_mode) ? PATH_FOLDER : PATH_STREAM;
}

/* Finds an open descriptor; it must be open for writing if that is wanted. */
static bool find_descriptor(struct path *out, bool writing)
{
	struct stat info;
	int flags = fcntl(out->descriptor, F_GETFL);
	out->kind = PATH_DESCRIPTOR;
	if (flags < 0 || fstat(out->descriptor, &info) != 0)
		return false;
	errno = EBADF;
	if (writing && (flags & O_ACCMODE) == O_RDONLY)
		return false;
	fill(out, &info);
	return true;
}

/*
 * True for another user's file in a folder that everybody can write: it is not the file that was
 * meant.
 */
static bool is_planted(const char *name, const struct stat *info)
{
	struct stat folder;
	return (S_ISREG(info->st_mode) || S_ISFIFO(info->st_mode)) && !is_ours(info->st_uid) &&
	       folder_of(name, &folder) && (folder.st_mode & S_IWOTH) &&
	       (folder.st_mode & S_ISVTX) && info->st_uid != folder.st_uid;
}

static bool refuse_planted(const char *name, struct error *err)
{
	return error_set(err, ERROR_IO,
			 "cannot write %s: another user made it in a folder that everybody may "
			 "write: remove it, or name another file",
			 name);
}

bool path_find(const char *name, struct path *out, struct error *err)
{
	struct stat info;
	*out = (struct path){.descriptor = -1};
	errno = ENAMETOOLONG;
	if (strlen(name) >= PATH_MAX)
		return cannot(name, err);
	memcpy(out->name, name, strlen(name) + 1);
	if (!follow_all(name, out->name, err))
		return false;
	out->descriptor = path_descriptor(out->name);
	if (out->descriptor >= 0)
		return find_descriptor(out, true) || cannot(name, err);
	if (stat(out->name, &info) == 0) {
		fill(out, &info);
		return !is_planted(out->name, &info) || refuse_planted(name, err);
	}
	if (errno != ENOENT || !folder_of(out->name, &info))
		return cannot(name, err);
	out->dev = info.st_dev;
	out->ino = info.st_ino;
	return true;
}

bool path_find_input(const char *name, struct path *out)
{
	struct stat info;
	int descriptor = strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0
				 ? STDIN_FILENO
				 : path_descriptor(name);
	*out = (struct path){.descriptor = descriptor};
	if (descriptor >= 0)
		return find_descriptor(out, false);
	if (stat(name, &info) != 0)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", name);
	fill(out, &info);
	return true;
}

static bool same_last_part(const char *a, const char *b)
{
	char left[PATH_MAX], right[PATH_MAX];
	snprintf(left, sizeof(left), "%s", a);
	snprintf(right, sizeof(right), "%s", b);
	return strcmp(basename(left), basename(right)) == 0;
}

bool path_same(const struct path *a, const struct path *b)
{
	if ((a->kind == PATH_NOTHING) != (b->kind == PATH_NOTHING))
		return false;
	if (a->device && b->device)
		return a->descriptor >= 0 && a->descriptor == b->descriptor;
	return a->dev == b->dev && a->ino == b->ino &&
	       (a->kind != PATH_NOTHING || same_last_part(a->name, b->name));
}

/* --- opening ------------------------------------------------------------------------------- */

int path_open(const struct path *path, int flags, struct error *err)
{
	struct stat info;
	if (path->kind == PATH_DESCRIPTOR)
		return path->descriptor;
	flags |= O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	flags |= is_kernels(path->name) ? 0 : O_NOFOLLOW;
	flags |= path->kind == PATH_NOTHING ? O_CREAT : 0;
	int fd = open(path->name, flags, 0644);
	if (fd < 0 && errno == ENXIO && path->kind == PATH_STREAM && !path->device)
		error_set(err, ERROR_IO, "cannot write %s: this pipe has no reader: start it first",
			  path->name);
	else if (fd < 0)
		cannot(path->name, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &info) != 0 || is_planted(path->name, &info)) {
		refuse_planted(path->name, err);
		close(fd);
		return -1;
	}
	return fd;
}
