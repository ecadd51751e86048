/*
 * argv -> command -> exit code. Commands are sync, which has no name (cmd/sync.c), those of the
 * table below, each in the file of its name in cmd/, and those of imgsync (cmd/imgsync.c): a
 * program that is called imgsync has no others. The tour of the whole program is in README.md
 * beside this file.
 */
#include "base/cancel.h"
#include "base/harden.h"
#include "base/secret.h"
#include "base/workflow.h"
#include "cmd/about.h"
#include "cmd/check.h"
#include "cmd/completion.h"
#include "cmd/convert.h"
#include "cmd/help.h"
#include "cmd/imgsync.h"
#include "cmd/probe.h"
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
	{"check", check_run}, {"completion", completion_run}, {"convert", convert_run},
	{"help", help_run},   {"probe", probe_run},           {"serve", serve_run},
};

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < array_count(commands); i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* What comes before the command line: variables, and in Action mode what the step was given. */
static void read_inputs(struct arena *arena, struct inputs *inputs, struct options *options,
			struct problems *problems)
{
	options_init(options);
	options_variables(options, problems);
	if (!inputs_present(environ))
		return;
	workflow_mask_secrets();
	inputs_read(arena, environ, inputs, options, problems);
}

/* Of the files that a step writes none may be one that its options name. */
static void fail_step(const struct options *options, struct problems *problems)
{
	static const struct config nothing;
	struct outputs outputs = {.held_count = 0};
	outputs_compare(options, &nothing, &outputs, problems);
	const struct action action = step_action(options->inputs, &outputs);
	action_begin(&action);
	step_problems(&action, problems);
}

static int wrong_usage(const struct options *options, struct problems *problems)
{
	if (options->inputs)
		fail_step(options, problems);
	else
		problem_print(problems, stderr);
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
	read_inputs(arena, &inputs, &options, &problems);
	bool ok =
		options_parse(argc, argv, &options, &problems) && check_source(&options, &problems);
	if (options.help)
		return about_print(help_options);
	if (options.version)
		return about_print(about_version);
	if (!ok)
		return wrong_usage(&options, &problems);
	if (options.inputs)
		inputs_settle(arena, &inputs, &options);
	else
		options_usual_files(&options);
	return sync_run(&options, &problems);
}

static int run_command(int argc, char **argv, struct arena *arena)
{
	if (imgsync_called(argc, argv))
		return imgsync_run(argc, argv);
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	if (command)
		return command->run(argc - 1, argv + 1);
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
