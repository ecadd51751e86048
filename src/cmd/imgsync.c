/*
 * A command of imgsync's is another way to write rules and options: config/imgsync/ translates it,
 * and the run is one of sync. What is particular about it is decided there, not here.
 */
#include "cmd/imgsync.h"

#include "cmd/about.h"
#include "cmd/sync.h"
#include "config/imgsync/flags.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool imgsync_called(int argc, char *const *argv)
{
	if (argc > 0 && strcmp(base_name(argv[0]), "imgsync") == 0)
		return true;
	return argc > 1 && flags_named(argv[1]) != FLAGS_NONE;
}

static void print_version(struct buf *out)
{
	buf_add_string(out, "imgsync, a name of ");
	about_version(out);
}

static int print_help(const struct flags *flags)
{
	scoped(buf_finish) struct buf out = {0};
	flags_help(flags->command, &out);
	return about_write(&out);
}

int imgsync_run(int argc, char **argv)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	struct flags flags;
	options_init(&options);
	options_variables(&options, &problems);
	bool ok = flags_parse(argc, argv, &flags, &options, &problems);
	if (flags.version)
		return about_print(print_version);
	if (flags.help)
		return print_help(&flags);
	flags_settle(&flags, &options, &problems);
	if (!ok || problems.error_count) {
		problem_print(&problems, stderr);
		fprintf(stderr, "Run imgsync help%s%s for the flags.\n", flags.command ? " " : "",
			flags.command ? flags_name(flags.command) : "");
		return EXIT_USAGE;
	}
	return sync_run(&options, &problems);
}
