/*
 * argv -> command -> exit code. Commands are sync, which has no name (cmd/sync.c), those of the
 * table below, each in the file of its name in cmd/, and those of imgsync (cmd/imgsync.c): a
 * program that is called imgsync has no others. The tour of the whole program is in README.md
 * beside this file.
 */
#include "base/cancel.h"
#include "base/harden.h"
#include "base/secret.h"
#include "cmd/about.h"
#include "cmd/apply.h"
#include "cmd/check.h"
#include "cmd/completion.h"
#include "cmd/convert.h"
#include "cmd/help.h"
#include "cmd/imgsync.h"
#include "cmd/merge.h"
#include "cmd/plan.h"
#include "cmd/probe.h"
#include "cmd/request.h"
#include "cmd/serve.h"
#include "cmd/step.h"
#include "cmd/sync.h"
#include "config/action/inputs.h"
#include "config/imgsync/flags.h"
#include "config/serve/serve_options.h"

#include <string.h>
#include <sys/resource.h>

extern char **environ;

enum { EXIT_USAGE = 2, DESCRIPTORS_MAX = 65536 };

/* Words that are commands, and nothing else, where they come first. */
static const struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
} commands[] = {
	{"apply", apply_run},     {"check", check_run},     {"completion", completion_run},
	{"convert", convert_run}, {"help", help_run},       {"plan", plan_run},
	{"probe", probe_run},     {"report", merge_run},    {"request", request_run},
	{"serve", serve_run},
};

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < array_count(commands); i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int wrong_usage(const struct options *options, struct problems *problems)
{
	if (options->inputs) {
		const struct action action = step_alone(options, problems);
		action_begin(&action);
		step_problems(&action, problems);
	} else {
		problem_print(problems, stderr);
	}
	fputs("Run image-syncer --help for the options.\n", stderr);
	return EXIT_USAGE;
}

/* Where a command is not the first argument, nobody can tell whether it was meant. */
static bool check_source(const struct options *options, struct problems *problems)
{
	const char *source = options->source;
	if (!source || (!find_command(source) && flags_named(source) == FLAGS_NONE))
		return true;
	problem_add(problems, NULL,
		    "%s is a command: write it first, or docker.io/library/%s for the image",
		    source, source);
	return false;
}

static int run(int argc, char **argv, struct arena *arena)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	struct inputs inputs;
	step_read(arena, &inputs, &options, &problems);
	bool ok =
		options_parse(argc, argv, &options, &problems) && check_source(&options, &problems);
	if (options.help)
		return about_print(help_options);
	if (options.version)
		return about_print(about_version);
	if (!ok)
		return wrong_usage(&options, &problems);
	if (options.inputs)
		inputs_settle(arena, &inputs, &options, &problems);
	else
		options_usual_files(&options);
	return sync_run(&options, &problems);
}

static int run_command(int argc, char **argv, struct arena *arena)
{
	if (imgsync_called(argc, argv))
		return imgsync_run(argc, argv);
	const char *mode = argc > 1 ? NULL : inputs_command(environ);
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	if (command)
		return command->run(argc - 1, argv + 1);
	if (mode)
		return find_command(mode)->run(1, (char *[]){(char *)(uintptr_t)mode, NULL});
	if (serve_options_meant(arena, argc, argv))
		return serve_run(argc, argv);
	return run(argc, argv, arena);
}

/* Many registries at once need many connections: take what the system allows. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	harden_start();
	scoped(arena_free) struct arena *arena = arena_new();
	allow_descriptors();
	if (!arena) {
		fputs("out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	if (!cancel_install())
		fputs("signals cannot be handled, stopping will be abrupt\n", stderr);
	int code = run_command(argc, argv, arena);
	secret_forget();
	return code;
}
