/* A change shows in the time of the last change of an inode, which nobody can set. */
#include "cmd/watch.h"

#include "config/outputs.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What can be seen of a file; zeroed: there is none. */
struct sight {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct watched {
	const char *path;
	struct sight read, last; /* when it was read, and at the last look */
	struct watched *next;
};

struct watch {
	struct arena *arena; /* of this record, too */
	struct watched *files;
	bool changed; /* something was changed while it was read */
	bool failed;  /* there was no memory */
};

static struct sight see(const char *path)
{
	struct sight sight;
	struct stat stat_of;
	memset(&sight, 0, sizeof(sight));
	if (stat(path, &stat_of) == 0) {
		sight.dev = stat_of.st_dev;
		sight.ino = stat_of.st_ino;
		sight.size = stat_of.st_size;
		sight.changed = stat_of.st_ctim;
	}
	return sight;
}

static bool is_same(const struct sight *a, const struct sight *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool is_later(const struct timespec *changed, const struct timespec *since)
{
	return changed->tv_sec > since->tv_sec ||
	       (changed->tv_sec == since->tv_sec && changed->tv_nsec >= since->tv_nsec);
}

/* What is being collected. */
struct collecting {
	struct watch *watch;
	const struct watch_options *options;
};

/*
 * Whether it may have been changed by somebody while it was read. The clock of a network share may
 * be ahead: what was seen before has not changed, whatever its time says.
 */
static bool is_doubtful(const struct watch_options *options, const char *path,
			const struct sight *sight)
{
	const struct watched *each = options->before ? options->before->files : NULL;
	while (each && strcmp(each->path, path) != 0)
		each = each->next;
	return (!each || !is_same(&each->last, sight)) && is_later(&sight->changed, options->since);
}

static void add(const struct collecting *collecting, const char *path)
{
	struct watch *watch = collecting->watch;
	for (const struct watched *each = watch->files; each; each = each->next)
		if (strcmp(each->path, path) == 0)
			return;
	struct watched *watched = arena_new_of(watch->arena, struct watched);
	if (watched)
		watched->path = arena_string(watch->arena, path);
	if (!watched || !watched->path) {
		watch->failed = true;
		return;
	}
	watched->read = watched->last = see(path);
	watch->changed |= is_doubtful(collecting->options, path, &watched->read);
	watched->next = watch->files;
	watch->files = watched;
}

static void add_input(void *ctx, const struct outputs_input *input)
{
	if (input->given)
		add(ctx, input->given);
}

static void add_edition(struct collecting *collecting, const struct edition *edition)
{
	const struct host_files *files = &edition->loaded.config.host_files;
	outputs_inputs(&edition->options, &edition->loaded.config, add_input, collecting);
	for (size_t i = 0; i < HOST_FILES_MAX && files->certs[i]; i++)
		add(collecting, files->certs[i]);
}

struct watch *watch_new(const struct watch_options *options)
{
	struct arena *arena = arena_new();
	struct watch *watch = arena ? arena_new_of(arena, struct watch) : NULL;
	struct collecting collecting = {watch, options};
	if (!watch) {
		arena_free(&arena);
		return NULL;
	}
	watch->arena = arena;
	add_edition(&collecting, options->edition);
	if (options->other)
		add_edition(&collecting, options->other);
	if (watch->failed)
		watch_free(&watch);
	return watch;
}

void watch_free(struct watch **watch)
{
	struct arena *arena = *watch ? (*watch)->arena : NULL;
	arena_free(&arena);
	*watch = NULL;
}

bool watch_changed(struct watch *watch)
{
	bool changed = watch->changed, quiet = true;
	for (struct watched *each = watch->files; each; each = each->next) {
		struct sight now = see(each->path);
		changed |= !is_same(&now, &each->read);
		quiet &= is_same(&now, &each->last);
		each->last = now;
	}
	return changed && quiet;
}
