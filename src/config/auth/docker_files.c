/*
 * The order is that of the original's library: podman's files before docker's. All that exist are
 * read; for each registry the first file that has it counts.
 */
#include "config/auth/docker_files.h"

#include "config/options/options.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct docker_search {
	struct arena *arena;
	const struct expand_lookup *lookup;
	struct docker_logins *out;
	struct problems *problems;
};

static const char *variable(const struct docker_search *search, const char *name)
{
	const char *value = search->lookup->get(search->lookup->ctx, name);
	return value && *value ? value : NULL;
}

static void read_file(const struct docker_search *search, const char *path,
		      struct problems *problems)
{
	struct document document;
	const char *name = strrchr(path, '/');
	bool flat = strcmp(name ? name + 1 : path, ".dockercfg") == 0;
	search->out->files[search->out->file_count++] = path;
	if (document_read_json(search->arena, path, &document, problems))
		docker_config_read(search->arena, &document, flat, search->out, problems);
}

/*
 * Leaves out faulty logins, from first on, and adds their faults to found. They are only warnings
 * in the end, since nobody named these files.
 */
static void leave_out_faulty(const struct docker_search *search, size_t first,
			     struct problems *found)
{
	struct credentials *list = &search->out->list;
	size_t kept = first;
	for (size_t i = first; i < list->count; i++) {
		if (list->items[i].login_fault)
			problem_add_lines(found, list->items[i].login_fault);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* Reads folder/name, one of the usual places, if folder is not NULL and the file exists. */
static void read_usual(const struct docker_search *search, const char *folder, const char *name)
{
	scoped(problem_finish) struct problems found = {0};
	const char *path = folder ? arena_printf(search->arena, "%s/%s", folder, name) : NULL;
	if (!path || (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
		return;
	size_t before = search->out->list.count;
	read_file(search, path, &found);
	leave_out_faulty(search, before, &found);
	problem_demote(&found, search->problems);
}

static void read_named(const struct docker_search *search, const char *path)
{
	struct stat info;
	bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	const char *file = folder ? arena_printf(search->arena, "%s/config.json", path) : path;
	if (file)
		read_file(search, file, search->problems);
	else
		problem_add(search->problems, NULL, "out of memory");
}

static void read_usual_places(const struct docker_search *search)
{
	struct arena *arena = search->arena;
	const char *home = variable(search, "HOME");
	const char *runtime = variable(search, "XDG_RUNTIME_DIR");
	const char *config = variable(search, "XDG_CONFIG_HOME");
	const char *docker = variable(search, "DOCKER_CONFIG");
	if (!runtime)
		runtime = arena_printf(arena, "/run/containers/%lu", (unsigned long)getuid());
	else
		runtime = arena_printf(arena, "%s/containers", runtime);
	if (!config && home)
		config = arena_printf(arena, "%s/.config", home);
	if (!docker && home)
		docker = arena_printf(arena, "%s/.docker", home);
	read_usual(search, runtime, "auth.json");
	read_usual(search, config, "containers/auth.json");
	read_usual(search, docker, "config.json");
	read_usual(search, home, ".dockercfg");
}

void docker_files_read(struct arena *arena, const char *which, const struct expand_lookup *lookup,
		       struct docker_logins *out, struct problems *problems)
{
	struct docker_search search = {arena, lookup, out, problems};
	bool wanted = true;
	*out = (struct docker_logins){0};
	if (which && !options_switch(str_of(which), &wanted))
		read_named(&search, which);
	else if (wanted)
		read_usual_places(&search);
}
