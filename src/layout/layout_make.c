/*
 * oci-layout marks a folder as a layout, and is made last. Two processes may make it at the same
 * time: the first one counts, so that both lock the same file (layout_change.h).
 */
#include "layout/layout_make.h"

#include "layout/archive.h"
#include "layout/layout_draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_REPLACE = 1 /* RENAME_NOREPLACE of linux/fs.h */ };

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
	ok = ok &&
	     (errno == EEXIST || linkat(draft->folder, draft->name, draft->folder, name, 0) == 0 ||
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
	       make_file(layout, folder, "oci-layout", layout_index_marker(), err);
}

/* What was found first counts: whether the folder, which is open if it is there, is a layout. */
static void note_presence(struct layout *layout, int folder)
{
	if (layout->presence == LAYOUT_UNKNOWN)
		layout->presence =
			folder >= 0 && exists(folder, "oci-layout") ? LAYOUT_THERE : LAYOUT_NOWHERE;
}

bool layout_make_ready(struct layout *layout, struct error *err)
{
	scoped(layout_close) int folder = -1;
	static const char *const algorithms[] = {"sha256:", "sha512:"};
	struct error ignored;
	if (layout->ready)
		return true;
	folder = layout_open(layout, true, err);
	note_presence(layout, folder);
	if (folder < 0 || !make_layout(layout, folder, err) || !layout_refresh(layout, err))
		return false;
	layout_draft_sweep(layout, folder);
	for (size_t i = 0; i < array_count(algorithms); i++) {
		scoped(layout_close) int blobs =
			layout_open_blobs(layout, algorithms[i], false, &ignored);
		layout_draft_sweep(layout, blobs);
	}
	layout->ready = true;
	return true;
}

bool layout_make_predates(struct layout *layout)
{
	struct error ignored;
	if (layout->presence == LAYOUT_UNKNOWN) {
		scoped(layout_close) int folder = layout_open(layout, false, &ignored);
		note_presence(layout, folder);
	}
	return layout->presence == LAYOUT_THERE;
}

bool layout_make(struct layout *layout, struct error *err)
{
	if (layout->archive)
		return archive_start(layout->archive, err);
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_make_ready(layout, err);
	pthread_mutex_unlock(&layout->lock);
	return ok;
}
