/*
 * A rule's own folder may be a link, or lie behind one: whoever wrote the rule chose it. What comes
 * below by the names of repositories, or is inside of a layout, was perhaps chosen by somebody who
 * prepared the disk, and a link there could lead anywhere.
 */
#include "layout/layout.h"

#include "base/buf.h"
#include "doc/json.h"
#include "layout/archive.h"
#include "layout/archive_base.h"
#include "layout/archive_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MARKER_MAX = 64 * 1024, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

void layout_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* --- errors --------------------------------------------------------------------------------- */

static enum error_kind kind_of(int code)
{
	switch (code) {
	case ENOENT:
		return ERROR_MISSING;
	case ENOSPC:
	case EDQUOT:
		return ERROR_FULL;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return ERROR_MEMORY;
	default:
		return ERROR_IO;
	}
}

bool layout_fail(const struct layout *layout, const char *doing, const char *name,
		 struct error *err)
{
	int code = errno;
	const char *why = strerror(code);
	if (code == ELOOP)
		why = "it is a link, and none is followed inside of a layout";
	else if (code == ENOTDIR)
		why = "it is no folder, or a link";
	else if (code == EFBIG)
		why = "the file system takes no file of that size (FAT: 4 GiB); use exFAT or ext4";
	error_set(err, kind_of(code), "cannot %s %s%s%s: %s", doing, layout->path, *name ? "/" : "",
		  name, why);
	err->http_status = 0;
	err->retry_after = -1;
	err->exhausted = err->awaited = err->stopped = false;
	err->shared = 0;
	return false;
}

bool layout_blame(const struct layout *layout, const char *digest, bool written, struct error *err)
{
	struct blob_name name;
	(void)archive_blob_name(digest, &name);
	if (layout->archive) {
		archive_blame(layout->archive, digest);
		error_set(err, ERROR_DAMAGED, "%s: %s is damaged", err->text, layout->path);
	} else if (written) {
		error_set(err, ERROR_DAMAGED,
			  "%s: remove the file %s/%s, and the next run writes it again", err->text,
			  layout->path, name.text);
	} else {
		error_set(err, ERROR_DAMAGED,
			  "%s: the file %s/%s is damaged; copy it to this folder once more",
			  err->text, layout->path, name.text);
	}
	return false;
}

/* --- folders -------------------------------------------------------------------------------- */

/* Opens a folder in another; a link is none. */
static int open_below(int folder, const char *name, bool make)
{
	int fd = openat(folder, name, FOLDER_FLAGS | O_NOFOLLOW);
	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	/* Another thread or process may be faster. */
	if (mkdirat(folder, name, 0777) != 0 && errno != EEXIST)
		return -1;
	return openat(folder, name, FOLDER_FLAGS | O_NOFOLLOW);
}

/* Follows path from folder on, which is closed. -1: errno. */
static int descend(int folder, struct str path, bool make)
{
	struct str component;
	while (folder >= 0 && str_cut(&path, '/', &component)) {
		char name[NAME_MAX + 1];
		if (!component.len)
			continue;
		snprintf(name, sizeof(name), "%.*s", STR_ARGS(component));
		int next = open_below(folder, name, make);
		int code = errno;
		close(folder);
		errno = code;
		folder = next;
	}
	return folder;
}

int layout_open(const struct layout *layout, bool make, struct error *err)
{
	const struct layout_root *root = layout->root;
	int fd = open(root ? root->path : "/", FOLDER_FLAGS);
	if (fd < 0 && root && root->error)
		errno = root->error;
	fd = descend(fd, str_of(layout->below), make);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT && !make)
		error_set(err, ERROR_MISSING,
			  "there is no folder %s: check the name, and that its disk is mounted",
			  layout->path);
	else
		layout_fail(layout, make ? "make" : "open", "", err);
	return -1;
}

int layout_open_blobs(const struct layout *layout, const char *digest, bool make, struct error *err)
{
	scoped(layout_close) int folder = layout_open(layout, make, err);
	scoped(layout_close) int blobs = -1;
	char algorithm[16];
	if (folder < 0)
		return -1;
	snprintf(algorithm, sizeof(algorithm), "%.*s", (int)strcspn(digest, ":"), digest);
	blobs = open_below(folder, "blobs", make);
	int fd = blobs < 0 ? -1 : open_below(blobs, algorithm, make);
	if (fd < 0)
		layout_fail(layout, "open", "blobs", err);
	return fd;
}

const char *layout_blob_name(const char *digest)
{
	return strchr(digest, ':') + 1;
}

/* --- files ---------------------------------------------------------------------------------- */

int layout_open_file(const struct layout *layout, int folder, const char *name, struct stat *info,
		     struct error *err)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		layout_fail(layout, "read", name, err);
		return -1;
	}
	if (fstat(fd, info) == 0 && S_ISREG(info->st_mode))
		return fd;
	close(fd);
	error_set(err, ERROR_IO, "%s/%s is no file", layout->path, name);
	return -1;
}

static bool read_all(const struct layout *layout, int fd, const char *name, char *at, size_t size,
		     size_t *got, struct error *err)
{
	while (*got < size) {
		ssize_t more = read(fd, at + *got, size - *got);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return layout_fail(layout, "read", name, err);
		if (!more)
			break;
		*got += (size_t)more;
	}
	return true;
}

bool layout_read_file(const struct layout *layout, int folder, const char *name, size_t most,
		      struct arena *arena, struct str *out, struct error *err)
{
	struct stat info;
	scoped(layout_close) int fd = layout_open_file(layout, folder, name, &info, err);
	size_t got = 0;
	if (fd < 0)
		return false;
	if ((uint64_t)info.st_size > most)
		return error_set(err, ERROR_UNSUPPORTED, "%s/%s is larger than %zu bytes",
				 layout->path, name, most);
	char *at = arena_alloc(arena, (size_t)info.st_size + 1);
	if (!at)
		return error_memory(err);
	if (!read_all(layout, fd, name, at, (size_t)info.st_size, &got, err))
		return false;
	*out = (struct str){at, got};
	return true;
}

bool layout_read_blob(const struct layout *layout, const char *digest, size_t most,
		      struct arena *arena, struct str *out, struct error *err)
{
	struct blob_name name;
	if (layout->archive)
		return archive_open(layout->archive, err) &&
		       archive_member(layout->archive, archive_blob_name(digest, &name), arena, out,
				      err);
	scoped(layout_close) int folder = layout_open_blobs(layout, digest, false, err);
	return folder >= 0 &&
	       layout_read_file(layout, folder, layout_blob_name(digest), most, arena, out, err);
}

/* What the other side has counts as there in an archive that is written. */
static bool archive_holds(const struct layout *layout, const char *digest, int64_t size,
			  bool *found, struct error *err)
{
	int64_t held;
	struct archive_base *base = layouts_base(layout->layouts);
	*found = false;
	if (!archive_open(layout->archive, err))
		return err->kind == ERROR_MISSING;
	*found = archive_has(layout->archive, digest, &held) && (size < 0 || size == held);
	if (*found || !base || !archive_is_written(layout->archive))
		return true;
	if (!archive_base_load(base, err))
		return false;
	*found = archive_base_has(base, layout->inside, digest);
	return true;
}

bool layout_has(const struct layout *layout, const char *digest, int64_t size, bool *found,
		struct error *err)
{
	struct stat info;
	if (layout->archive)
		return archive_holds(layout, digest, size, found, err);
	scoped(layout_close) int folder = layout_open_blobs(layout, digest, false, err);
	*found = false;
	if (folder < 0)
		return err->kind == ERROR_MISSING;
	if (fstatat(folder, layout_blob_name(digest), &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || layout_fail(layout, "look for", digest, err);
	*found = S_ISREG(info.st_mode) && (size < 0 || info.st_size == size);
	return true;
}

/* --- the index ------------------------------------------------------------------------------ */

/* As a folder is where no disk is mounted. */
static bool is_empty(int folder)
{
	int copy = openat(folder, ".", FOLDER_FLAGS);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool empty = list != NULL;
	if (!list)
		layout_close(&copy);
	while (empty && (entry = readdir(list)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (list)
		closedir(list);
	return empty;
}

static bool no_layout(const struct layout *layout, int folder, struct error *err)
{
	if (is_empty(folder))
		return error_set(err, ERROR_MISSING,
				 "the folder %s is empty: check the name, and that its disk is "
				 "mounted",
				 layout->path);
	return error_set(err, ERROR_MISSING,
			 "%s is no OCI image layout: it has no file oci-layout (for those below it "
			 "write oci:%s/**)",
			 layout->path, layout->path);
}

static bool check_marker(const struct layout *layout, int folder, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root;
	struct str text;
	if (!arena)
		return error_memory(err);
	if (!layout_read_file(layout, folder, "oci-layout", MARKER_MAX, arena, &text, err))
		return err->kind == ERROR_MISSING && no_layout(layout, folder, err);
	if (!json_read_foreign(arena, text, &root, err)) {
		err->kind = err->kind == ERROR_CONFIG ? ERROR_CORRUPT : err->kind;
		return error_wrap(err, "%s/oci-layout", layout->path);
	}
	struct str version = node_string(node_get(root, "imageLayoutVersion"));
	return str_starts(version, "1.") ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "%s/oci-layout: version \"%.*s\" of the layout is not supported, only 1",
			 layout->path, STR_ARGS(str_head(version, 32)));
}

static bool same_stamp(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim)) == 0;
}

static bool read_index(struct layout *layout, int folder, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layout_index_finish) struct layout_index index = {0};
	struct str text;
	if (!arena)
		return error_memory(err);
	if (!layout_read_file(layout, folder, "index.json", LAYOUT_INDEX_MAX, arena, &text, err))
		return false;
	if (!layout_index_read(arena, text, &index, err))
		return error_wrap(err, "%s/index.json", layout->path);
	if (!layout_index_sort(arena, &index))
		return error_memory(err);
	arena_free(&layout->arena);
	layout_index_finish(&layout->index);
	layout->arena = arena;
	layout->index = index;
	arena = NULL;
	index = (struct layout_index){0};
	return true;
}

/* An archive that is written begins with nothing; one that is read does not change. */
static bool know_archive(struct layout *layout, struct error *err)
{
	if (layout->known)
		return true;
	if (!archive_open(layout->archive, err))
		return false;
	if (!layout->arena)
		layout->arena = arena_new();
	if (!layout->arena)
		return error_memory(err);
	bool ok = archive_is_written(layout->archive)
			  ? layout_index_read(layout->arena, layout_index_empty(), &layout->index,
					      err)
			  : archive_index_choose(layout->archive, layout->inside, layout->arena,
						 &layout->index, err);
	layout->known =
		ok && (layout_index_sort(layout->arena, &layout->index) || error_memory(err));
	if (!layout->known)
		layout_index_finish(&layout->index);
	return layout->known;
}

bool layout_refresh(struct layout *layout, struct error *err)
{
	struct stat info;
	if (layout->changing)
		return true;
	if (layout->archive)
		return know_archive(layout, err);
	scoped(layout_close) int folder = layout_open(layout, false, err);
	if (folder < 0)
		return false;
	if (!layout->known && !check_marker(layout, folder, err))
		return false;
	/* A stamp that is older than what is read only costs reading it once more. */
	if (fstatat(folder, "index.json", &info, AT_SYMLINK_NOFOLLOW) != 0)
		return layout_fail(layout, "read", "index.json", err);
	if (layout->known && same_stamp(&info, &layout->stamp))
		return true;
	layout->known = false;
	if (!read_index(layout, folder, err))
		return false;
	layout->stamp = info;
	layout->known = true;
	return true;
}
