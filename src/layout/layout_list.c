/* A layout may have others below it, as the repositories team and team/app have: both count. */
#include "layout/layout_list.h"

#include "base/cancel.h"
#include "base/log.h"
#include "layout/archive.h"
#include "oci/layout_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, LISTED_MAX = 1000000 };

/* A walk through folders. */
struct walk {
	const char *host; /* of all names */
	bool deep;
	struct map *found;
	struct error *err;
};

static bool look_into(const struct walk *walk, int folder, const struct str *path, int depth);

/* True for a name that a rule can have; others are told of. */
static bool has_name(const struct walk *walk, const char *path)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error why;
	const char *text = arena ? arena_printf(arena, "%s/%s", walk->host, path) : NULL;
	if (!text)
		return error_memory(walk->err);
	if (layout_name_parse(arena, str_of(text), &ref, &why) && !ref.tag && !ref.digest)
		return true;
	log_warn("%s is left out: its name cannot be that of a repository", text + strlen("oci:"));
	walk->err->kind = ERROR_NONE;
	return false;
}

static bool is_layout(int folder)
{
	struct stat info;
	return fstatat(folder, "oci-layout", &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode);
}

/* Looks at a folder called name in the one that path leads to. */
static bool look_at(const struct walk *walk, int parent, const struct str *path, const char *name,
		    int depth)
{
	scoped(buf_finish) struct buf full = {0};
	scoped(layout_close) int folder =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	buf_printf(&full, "%.*s%s%s", STR_ARGS(*path), path->len ? "/" : "", name);
	if (!buf_ok(&full))
		return error_memory(walk->err);
	if (folder < 0) {
		if (errno == EACCES || errno == EPERM)
			log_warn("%s/%s is left out: %s", walk->host + strlen("oci:"), full.at,
				 strerror(errno));
		return true;
	}
	if (is_layout(folder)) {
		if (!has_name(walk, full.at))
			return walk->err->kind == ERROR_NONE;
		if (walk->found->count >= LISTED_MAX)
			return error_set(walk->err, ERROR_UNSUPPORTED, "more than %d layouts",
					 LISTED_MAX);
		if (!map_put(walk->found, buf_str(&full), walk->found))
			return error_memory(walk->err);
	}
	const struct str here = buf_str(&full);
	return !walk->deep || depth >= DEPTH_MAX || look_into(walk, folder, &here, depth + 1);
}

static bool look_into(const struct walk *walk, int folder, const struct str *path, int depth)
{
	bool ok = true, layout = is_layout(folder);
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	if (!list) {
		layout_close(&copy);
		return error_set(walk->err, ERROR_IO, "cannot read %s/%.*s: %s",
				 walk->host + strlen("oci:"), STR_ARGS(*path), strerror(errno));
	}
	while (ok && (entry = readdir(list))) {
		bool part = layout && strcmp(entry->d_name, "blobs") == 0;
		if (cancel_requested())
			ok = error_canceled(walk->err);
		else if (entry->d_name[0] != '.' && !part)
			ok = look_at(walk, folder, path, entry->d_name, depth);
	}
	closedir(list);
	return ok;
}

/* The repositories that the names in an archive have. */
static bool list_archive(struct layout *top, const struct reference *name, struct map *found,
			 struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct layout_entry *entry;
	struct layout_index index;
	struct str text;
	size_t next = 0;
	if (!arena)
		return error_memory(err);
	if (!archive_open(top->archive, err) ||
	    !archive_member(top->archive, "index.json", arena, &text, err) ||
	    !layout_index_read(arena, text, &index, err))
		return false;
	while ((entry = layout_index_each(&index, &next))) {
		const char *path = layout_index_path(arena, entry);
		size_t file = strlen(name->repository) - strlen(top->inside) - (*top->inside != 0);
		const char *full =
			path ? arena_printf(arena, "%.*s/%s", (int)file, name->repository, path)
			     : NULL;
		if (path && (!full || !map_put(found, str_of(full), found)))
			return error_memory(err);
		if (entry->tag && !path)
			log_warn("%s: %s is in no repository: copy it without the stars", top->path,
				 entry->tag);
	}
	return true;
}

bool layout_list(struct layouts *layouts, const struct reference *name, bool deep,
		 struct map *found, struct error *err)
{
	const struct walk walk = {name->host, deep, found, err};
	const struct str path = str_of(name->repository);
	struct layout *top = layouts_at(layouts, name);
	if (!top)
		return error_memory(err);
	if (top->archive)
		return list_archive(top, name, found, err);
	scoped(layout_close) int folder = layout_open(top, false, err);
	return folder >= 0 && look_into(&walk, folder, &path, 1);
}
