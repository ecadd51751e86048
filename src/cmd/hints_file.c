/*
 * The file is replaced as a whole, so whoever is killed leaves the old one. Hints that another run
 * has added in the meantime are lost with it, which costs that run's images a request each.
 */
#include "cmd/hints_file.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A file that makes no sense is moved, for whoever wants to know why. */
static void put_aside(const struct run *run, const char *path, const struct error *err)
{
	scoped(buf_finish) struct buf aside = {0};
	buf_printf(&aside, "%s.damaged", path);
	bool moved = !run->options->dry_run && buf_ok(&aside) && rename(path, aside.at) == 0;
	log_warn("%s:%s: hints of earlier runs are not used%s%s", path, err->text,
		 moved ? "; the file is now " : "", moved ? aside.at : "");
}

static bool read_file(const struct run *run, const char *path)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err;
	if (!file_read(path, &text, &err))
		log_warn("%s: hints of earlier runs are not used", err.text);
	else if (!hints_read(run->hints, buf_str(&text), clock_unix(), &err)) {
		if (err.kind == ERROR_MEMORY)
			return false;
		put_aside(run, path, &err);
	}
	return true;
}

/* Hints that cannot be kept are not worth a failure. */
static void check_writable(const char *path)
{
	struct error err;
	int held;
	if (!file_writable(path, &held, &err))
		log_warn("hints for the next run: %s", err.text);
}

bool hints_file_open(struct run *run)
{
	const char *path = run->options->hints;
	struct path found;
	if (!path)
		return true;
	if (!run->options->dry_run)
		make_folders(path);
	bool exists = path_find_input(path, &found);
	if (exists && found.kind != PATH_FILE) {
		log_warn("%s is not a file: this run has no hints", path);
		return true;
	}
	run->hints = hints_new();
	if (!run->hints || (exists && !read_file(run, path)))
		return false;
	if (!run->options->dry_run)
		check_writable(path);
	return true;
}

const char *hints_file_written(const struct run *run)
{
	return run->hints && !run->options->dry_run ? run->options->hints : NULL;
}

void hints_file_save(const struct run *run)
{
	scoped(buf_finish) struct buf text = {0};
	const char *path = hints_file_written(run);
	struct error err = {0};
	if (!path)
		return;
	hints_write(run->hints, &text);
	bool built = buf_ok(&text) || error_memory(&err);
	if (!built || !file_write(path, buf_str(&text), &err))
		log_warn("hints for the next run: %s", err.text);
}
