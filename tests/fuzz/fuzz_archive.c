/*
 * Archives of others, as files. The first line chooses: empty, what follows is the archive; else it
 * is the list of its volumes, with '|' for the end of a line, and what follows are two of these. It
 * is read as far as a run does without copying: all members, the repositories, and the entries and
 * tags of each of them. The same file is what --since-archive names, as an archive and as a list.
 */
#include "fuzz.h"

#include "base/log.h"
#include "layout/archive.h"
#include "layout/archive_base.h"
#include "layout/layout_list.h"
#include "layout/layout_manifests.h"
#include "oci/layout_name.h"

#include <unistd.h>

static char folder[64];

static const char *path_of(struct arena *arena, const char *name)
{
	const char *path = arena_printf(arena, "%s/%s", folder, name);
	require(path);
	return path;
}

static void write_file(struct arena *arena, const char *name, struct str bytes)
{
	FILE *file = fopen(path_of(arena, name), "wb");
	require(file);
	require(fwrite(bytes.at ? bytes.at : "", 1, bytes.len, file) == bytes.len);
	require(fclose(file) == 0);
}

static void remove_files(void)
{
	static const char *const names[] = {"x.tar", "x.tar.001", "x.tar.002", "x.tar.sha256",
					    "list"};
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t i = 0; i < array_count(names); i++)
		unlink(path_of(arena, names[i]));
}

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "%s/fuzz-archive-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	require(mkdtemp(folder));
}

static void remove_folder(void)
{
	remove_files();
	rmdir(folder);
}

/* The list of volumes in lines of its own. */
static struct str lines_of(struct arena *arena, struct str text)
{
	char *copy = arena_copy(arena, text.at, text.len);
	require(copy);
	for (size_t i = 0; i < text.len; i++)
		copy[i] = copy[i] == '|' ? '\n' : copy[i];
	return (struct str){copy, text.len};
}

static void write_input(struct arena *arena, struct str text)
{
	struct str list = input_part(&text, '\n');
	remove_files();
	write_file(arena, "list", text);
	if (!list.len) {
		write_file(arena, "x.tar", text);
		return;
	}
	write_file(arena, "x.tar.sha256", lines_of(arena, list));
	write_file(arena, "x.tar.001", str_head(text, text.len / 2));
	write_file(arena, "x.tar.002", str_from(text, text.len / 2));
}

/* What is found in a repository has been checked; an error says something. */
static void read_repository(struct layouts *layouts, const struct reference *name,
			    struct arena *arena)
{
	struct layout *layout = layouts_at(layouts, name);
	struct tag_list tags;
	struct manifest_status status;
	struct manifest_bytes bytes;
	struct error err = {0};
	bool found;
	require(layout);
	if (!layout_manifests_tags(layout, arena, &tags, &err)) {
		require(*err.text && err.kind != ERROR_NONE);
		return;
	}
	for (size_t i = 0; i < tags.count; i++) {
		require(tags.items[i] && *tags.items[i]);
		if (!layout_manifests_head(layout, false, arena, tags.items[i], &status, &err))
			continue;
		require(status.found && digest_valid(str_of(status.digest)));
		if (layout_manifests_look(layout, arena, status.digest, &found, &bytes, &err) &&
		    found)
			require(digest_verify(bytes.bytes, str_of(status.digest), &err));
	}
}

static void read_archive(struct arena *arena)
{
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	scoped(map_finish) struct map found = {0};
	const char *text = arena_printf(arena, "oci-archive:%s", path_of(arena, "x.tar"));
	struct reference name;
	struct error err = {0};
	require(layouts && text && layout_name_parse(arena, str_of(text), &name, &err));
	if (!layout_list(layouts, &name, true, &found, &err)) {
		require(*err.text && err.kind != ERROR_NONE);
		return;
	}
	read_repository(layouts, &name, arena);
	for (size_t i = 0; i < found.count; i++) {
		const struct reference each = {.host = name.host,
					       .repository = found.entries[i].key};
		read_repository(layouts, &each, arena);
	}
}

/* What was understood prints as a list of the same. */
static void read_base(struct arena *arena, const char *file)
{
	const char *const paths[] = {path_of(arena, file)};
	const char *const printed[] = {path_of(arena, "list")};
	scoped(buf_finish) struct buf text = {0}, again = {0};
	struct archive_base *base = archive_base_new(arena, paths, 1);
	struct archive_base *second = archive_base_new(arena, printed, 1);
	struct error err = {0};
	require(base && second);
	if (archive_base_load(base, &err)) {
		require(archive_base_print(base, &text));
		write_file(arena, "list", buf_str(&text));
		require(archive_base_load(second, &err) && archive_base_print(second, &again));
		require(str_equal(buf_str(&text), buf_str(&again)));
	} else {
		require(*err.text && err.kind != ERROR_NONE);
	}
	archive_base_free(base);
	archive_base_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	require(arena);
	if (!*folder) {
		log_open(stderr, LOG_ERROR);
		make_folder();
		atexit(remove_folder);
	}
	write_input(arena, input_text(data, size));
	read_archive(arena);
	read_base(arena, "list");
	read_base(arena, "x.tar");
	return 0;
}
