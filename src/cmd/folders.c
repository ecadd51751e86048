/*
 * A folder that is written to is made before the process confines itself, since the kernel can only
 * be told of folders that are there.
 */
#include "cmd/folders.h"

#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "config/outputs.h"
#include "layout/archive.h"
#include "layout/archive_base.h"
#include "layout/archive_end.h"
#include "layout/layout_store.h"
#include "oci/layout_name.h"
#include "registry/registry_store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what the rules name -------------------------------------------------------------------- */

/* The folders found so far. */
struct folder_finding {
	struct run *run;
	struct problems *problems;
	struct map paths; /* path -> struct named_folder */
	bool failed;      /* without memory */
};

static void finding_finish(struct folder_finding *finding)
{
	map_finish(&finding->paths);
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	return arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static void find(struct folder_finding *finding, const struct reference *side, const char *place,
		 bool written, const struct rule *rule)
{
	struct run *run = finding->run;
	if (!layout_name_host(side->host))
		return;
	const char *path = layout_name_archived(side->host) ? layout_name_file(run->arena, side)
							    : layout_name_folder(run->arena, side);
	struct named_folder *known = path ? map_get(&finding->paths, str_of(path)) : NULL;
	if (known) {
		if (known->archive && known->written != written)
			problem_add(finding->problems, place,
				    "%s is read by one rule and written by another: an archive is "
				    "complete only when the run is over",
				    path);
		known->written |= written;
		if (!known->rule)
			known->rule = rule;
		return;
	}
	struct named_folder *new = &run->folders[run->folder_count];
	const char *name = reference_string(run->arena, side);
	*new = (struct named_folder){.path = path,
				     .folder = path,
				     .name = name,
				     .place = place,
				     .rule = rule,
				     .written = written};
	new->archive = layout_name_archived(side->host);
	if (new->archive && path)
		new->folder = folder_of(run->arena, path);
	if (path && new->folder && name &&map_put(&finding->paths, str_of(path), new))
		run->folder_count++;
	else
		finding->failed = true;
}

/* Folders that are mirrors of a source. */
static void find_mirrors(struct folder_finding *finding, const struct credential *entry)
{
	struct reference name;
	struct error ignored;
	for (size_t i = 0; i < entry->mirror_count; i++) {
		struct str text = str_of(entry->mirrors[i]);
		if (layout_name_scheme(text) &&
		    reference_parse(finding->run->arena, text, &name, &ignored))
			find(finding, &name, entry->place, false, NULL);
	}
}

static void find_all(struct folder_finding *finding)
{
	const struct run *run = finding->run;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		find(finding, rule->source.name, rule->rule->source_place, false, NULL);
		find(finding, rule->destination.name, rule->rule->destination_place, true,
		     rule->rule);
	}
	for (size_t i = 0; i < run->namespace_count; i++) {
		const struct namespace_rule *namespace = &run->namespaces[i];
		find(finding, &namespace->source, namespace->rule->source_place, false, NULL);
		find(finding, &namespace->destination, namespace->rule->destination_place, true,
		     namespace->rule);
	}
	for (size_t i = 0; i < run->config.credentials.count; i++)
		find_mirrors(finding, &run->config.credentials.items[i]);
	if (run->config.state.image.host)
		find(finding, &run->config.state.image, "--state", true, NULL);
}

/*
 * Writes what path leads to, links followed, as far as it is there, and the rest as it is. False:
 * it cannot be known.
 */
static bool real_path(const char *path, char real[PATH_MAX])
{
	char start[PATH_MAX];
	size_t len = strlen(path);
	snprintf(start, sizeof(start), "%s", path);
	while (!realpath(start, real)) {
		while (len && path[len - 1] == '/')
			len--;
		while (len && path[len - 1] != '/')
			len--;
		if (errno != ENOENT || !len)
			return false;
		snprintf(start, sizeof(start), "%.*s", (int)len, path);
	}
	size_t used = strlen(real);
	return snprintf(real + used, PATH_MAX - used, "%s%s", path[len] ? "/" : "", path + len) <
	       (int)(PATH_MAX - used);
}

/* Complains about folders that another name stands for as well. False without memory. */
static bool compare(const struct run *run, struct problems *problems)
{
	scoped(map_finish) struct map real = {0};
	for (size_t i = 0; i < run->folder_count; i++) {
		struct named_folder *folder = &run->folders[i];
		char path[PATH_MAX];
		if (!real_path(folder->path, path))
			continue;
		const struct named_folder *first = map_get(&real, str_of(path));
		if (first)
			problem_add(
				problems, folder->place,
				"%s is the same folder as %s at %s: write the same name in both",
				folder->name, first->name, first->place);
		else if (!map_put(&real, str_of(path), folder))
			return false;
	}
	return true;
}

/* A base that is not there would be an error of each image. False without memory. */
static bool check_base(const struct run *run, struct problems *problems)
{
	const struct option_list *given = &run->options->since_archive;
	for (size_t i = 0; i < given->count; i++) {
		const char *path = given->items[i];
		const char *list = arena_printf(run->arena, "%s.sha256", path);
		if (!list)
			return false;
		if (access(path, R_OK) != 0 && access(list, R_OK) != 0)
			problem_add(problems, NULL, "--since-archive: cannot read %s: %s", path,
				    strerror(errno));
	}
	return true;
}

bool folders_find(struct run *run, struct problems *problems)
{
	scoped(finding_finish) struct folder_finding finding = {.run = run, .problems = problems};
	size_t most = 1 + 2 * (run->rule_count + run->namespace_count);
	for (size_t i = 0; i < run->config.credentials.count; i++)
		most += run->config.credentials.items[i].mirror_count;
	run->folders = arena_array(run->arena, most + 1, sizeof(*run->folders));
	if (!run->folders)
		return false;
	find_all(&finding);
	return !finding.failed && compare(run, problems) && check_base(run, problems);
}

bool folders_compare(const struct run *run, struct problems *problems)
{
	const struct option_list *since = &run->options->since_archive;
	scoped(arena_free) struct arena *arena = arena_new();
	size_t count = 0;
	struct outputs_input *archives =
		arena ? arena_array(arena, run->folder_count + since->count + 1, sizeof(*archives))
		      : NULL;
	if (!archives)
		return false;
	for (size_t i = 0; i < run->folder_count; i++) {
		const struct named_folder *folder = &run->folders[i];
		if (folder->archive)
			archives[count++] =
				(struct outputs_input){folder->name, folder->path, folder->place};
	}
	for (size_t i = 0; i < since->count; i++)
		archives[count++] =
			(struct outputs_input){"--since-archive", since->items[i], NULL};
	outputs_compare_archives(run->options, archives, count, problems);
	return true;
}

/* --- at work -------------------------------------------------------------------------------- */

/*
 * Makes a folder and those above it. Returns errno, or 0. *made: how much of path is the first one
 * that was missing; 0: none was.
 */
static int make(const char *path, size_t *made)
{
	char part[PATH_MAX];
	*made = 0;
	for (size_t i = 1; path[i - 1]; i++) {
		if (path[i] && path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0777) == 0)
			*made = *made ? *made : i;
		else if (errno != EEXIST && errno != EISDIR &&
			 (!path[i] || (errno != EROFS && errno != EACCES)))
			return errno;
	}
	return 0;
}

/* Where a disk should have been mounted, all goes to the disk of the system. */
static void make_one(struct named_folder *folder)
{
	size_t made;
	bool absolute = strchr(folder->name, ':')[1] == '/';
	folder->error = make(folder->folder, &made);
	if (made && absolute && (folder->archive || folder->folder[made]) && !folder->error)
		log_warn("%s: the folder %.*s was not there and is made: if a disk belongs there, "
			 "it is not mounted",
			 folder->name, (int)made, folder->folder);
}

void folders_make(struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].written && !run->options->dry_run)
			make_one(&run->folders[i]);
}

static bool open_store(void *ctx, const struct reference *name, const struct creation *target,
		       struct arena *arena, const struct store **out, struct error *err)
{
	const struct run *run = ctx;
	const struct stores kinds[] = {[false] = registry_store_opener(run->registry),
				       [true] = layout_store_opener(run->layouts)};
	return store_at(&kinds[layout_name_host(name->host)], name, target, arena, out, err);
}

/* What --split and --since-archive say of archives. */
static bool open_base(struct run *run)
{
	const struct options *options = run->options;
	struct archive_base *base = NULL;
	if (options->since_archive.count || options->output_blobs) {
		base = archive_base_new(run->arena, options->since_archive.items,
					options->since_archive.count);
		if (!base)
			return false;
	}
	run->base = base;
	layouts_set_archives(run->layouts, run->config.limits.volume_bytes, base);
	return true;
}

bool folders_open(struct run *run)
{
	struct layout_root *roots = arena_array(run->arena, run->folder_count + 1, sizeof(*roots));
	for (size_t i = 0; roots && i < run->folder_count; i++)
		roots[i] = (struct layout_root){run->folders[i].path, run->folders[i].written,
						run->folders[i].error};
	run->layouts = roots ? layouts_new(roots, run->folder_count) : NULL;
	if (!run->layouts || !open_base(run))
		return false;
	run->stores = (struct stores){.open = open_store, .ctx = run};
	return run->layouts != NULL;
}

/* Writes the list of --output-blobs. */
static bool write_blobs(struct run *run, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	const char *path = run->options->output_blobs;
	struct layout *layout;
	if (!path || run->options->dry_run)
		return true;
	for (size_t i = 0; (layout = layouts_item(run->layouts, i)); i++)
		if (layout->archive && archive_is_begun(layout->archive) &&
		    !archive_base_add(run->base, layout, err))
			return false;
	return archive_base_load(run->base, err) &&
	       (archive_base_print(run->base, &text) || error_memory(err)) &&
	       file_write(path, buf_str(&text), err);
}

/* Images that were copied into an archive are nowhere if it cannot be finished. */
static void report_lost(const struct run *run, const struct archive *archive, struct error *err)
{
	const char *path = archive_path(archive);
	error_wrap(err, "%s is not written, with all images that were copied to it", path);
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].rule && strcmp(run->folders[i].path, path) == 0)
			report_rule_failed(run->report, run->folders[i].rule, err);
}

static bool finish(const struct run *run, struct archive *archive, struct error *err)
{
	if (!archive_is_begun(archive))
		return true;
	if (cancel_requested() ? error_canceled(err) : archive_end_of(run->layouts, archive, err))
		return true;
	report_lost(run, archive, err);
	return false;
}

bool folders_finish(struct run *run, struct error *err)
{
	struct archive *archive;
	bool ok = true;
	err->kind = ERROR_NONE;
	for (size_t i = 0; (archive = layouts_archive(run->layouts, i)); i++)
		ok &= finish(run, archive, err);
	/* What failed is in the report. */
	return !ok || cancel_requested() || write_blobs(run, err);
}
