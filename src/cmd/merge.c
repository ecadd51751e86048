/* Reports are read whole: what is wrong with one of them is said before anything is written. */
#include "cmd/merge.h"

#include "base/file.h"
#include "cmd/about.h"
#include "config/options/merge_options.h"
#include "doc/json.h"
#include "report/merge.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static int refuse(const char *text)
{
	fprintf(stderr, "%s\n", text);
	return EXIT_USAGE;
}

static bool read_part(struct arena *arena, const char *path, struct merge_part *out,
		      struct error *err)
{
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	*out = (struct merge_part){.name = path};
	if (!file_read(path, &text, err))
		return buf_ok(&text) ? false
				     : error_set(err, ERROR_CONFIG, "%s is too large", path);
	const char *copy = arena_copy(arena, buf_string(&text), text.len);
	if (!copy)
		return error_memory(err);
	out->text = (struct str){copy, text.len};
	if (json_read_file(arena, out->text, &out->root, err))
		return true;
	return err->kind == ERROR_CONFIG ? error_set(err, ERROR_CONFIG, "%s:%s", path, err->text)
					 : false;
}

static bool write_report(const char *path, const struct buf *text, struct error *err)
{
	if (!buf_ok(text))
		return error_memory(err);
	return file_write(path ? path : "-", buf_str(text), err);
}

static int merge_files(const struct merge_options *given, struct arena *arena)
{
	struct merge_part *parts = arena_array(arena, given->file_count, sizeof(*parts));
	struct merging merge;
	struct error err = {0};
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	scoped(buf_finish) struct buf missing = {0};
	if (!parts)
		return refuse("out of memory");
	for (size_t i = 0; i < given->file_count; i++)
		if (!read_part(arena, given->files[i], &parts[i], &err))
			return refuse(err.text);
	if (!merge_read(parts, given->file_count, &merge, &err))
		return refuse(err.text);
	merge_write(&merge, &text);
	if (!write_report(given->out, &text, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	merge_missing(&merge, &missing);
	if (missing.len)
		fprintf(stderr, "there is no report of shard %s\n", buf_string(&missing));
	return merge_complete(&merge) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int merge_run(int argc, char **argv)
{
	scoped(problem_finish) struct problems problems = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct merge_options given;
	bool ok = merge_options_parse(argc, argv, &given, &problems);
	if (given.help)
		return about_print(merge_options_help);
	if (!arena)
		return refuse("out of memory");
	if (ok)
		return merge_files(&given, arena);
	problem_print(&problems, stderr);
	fputs("Run image-syncer report --help for the options.\n", stderr);
	return EXIT_USAGE;
}
