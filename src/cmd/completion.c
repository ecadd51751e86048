/*
 * A script has the same parts for every shell: which context a command line is in, the options of
 * each context, and what their values are. Values are known by the name that --help gives them, or
 * by the table below where only some words are right.
 */
#include "cmd/completion.h"

#include "cmd/about.h"
#include "cmd/completion_bash.h"
#include "cmd/completion_fish.h"
#include "cmd/completion_zsh.h"
#include "config/convert/convert_options.h"
#include "config/imgsync/flags.h"
#include "config/options/merge_options.h"
#include "config/options/plan_options.h"
#include "config/options/probe_options.h"
#include "config/options/request_options.h"
#include "config/serve/check_options.h"
#include "config/serve/serve_options.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

const struct completion_command completion_commands[COMPLETION_CONTEXTS] = {
	[COMPLETION_RUN] = {"run", NULL, "version", false},
	[COMPLETION_SERVE] = {"serve", "run by the clock, and when hooks and events ask for it", "",
			      false},
	[COMPLETION_CHECK] = {"check", "find mistakes in the files, without any network", "",
			      false},
	[COMPLETION_PROBE] = {"probe", "say what a registry answers, and why it does not work", "",
			      false},
	[COMPLETION_PLAN] = {"plan", "write down what a sync would do", "", false},
	[COMPLETION_APPLY] = {"apply", "do what a plan says", "", true},
	[COMPLETION_REPORT] = {"report", "join the reports of several jobs", "merge", true},
	[COMPLETION_REQUEST] = {"request", "mirror what a text asks for, as a policy allows", "",
				false},
	[COMPLETION_CONVERT] = {"convert", "print the file of another program as an images file",
				"", true},
	[COMPLETION_IMGSYNC] = {"imgsync", NULL, "", false},
	[COMPLETION_SYNC] = {"sync", "copy one image, as imgsync does", "", false},
	[COMPLETION_GCR] = {"gcr", "copy a namespace of gcr.io, as imgsync does", "", false},
	[COMPLETION_FLANNEL] = {"flannel", "copy quay.io/coreos/flannel, as imgsync does", "",
				false},
	[COMPLETION_HELP] = {"help", "print help",
			     "rules auth serve check plan apply report probe request convert "
			     "imgsync exit environment",
			     false},
	[COMPLETION_COMPLETION] = {"completion", "print completions for a shell", "bash zsh fish",
				   false},
};

/* The forms of --images. */
#define FORMS                                                                                      \
	"images lists kyma regsync skopeo dregsy hauler zarf oc-mirror imgpkg kbld compose "       \
	"kubernetes image-keys text"

/* Options of which only some values are right, or most are one of some. */
static const struct {
	const char *name, *words;
} values[] = {
	{"arch", "386 amd64 arm arm:v6 arm:v7 arm64 ppc64le riscv64 s390x"},
	{"create-repository", "true false"},
	{"from", FORMS},
	{"foreign", "skip copy fail"},
	{"format", "text json sarif annotations"},
	{"images-format", FORMS},
	{"log-format", "text json"},
	{"log-level", "error warn info debug"},
	{"names", "keep full flatten"},
	{"notify", "telegram= slack= dingtalk= feishu= wecom= webhook= heartbeat="},
	{"notify-on", "failure change always"},
	{"on-change", "overwrite fail skip retag"},
	{"os", "linux windows"},
	{"output-images-format", "yaml json"},
	{"platform", "linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/ppc64le linux/riscv64 "
		     "linux/s390x windows/amd64"},
	{"referrers", "all signatures attestations sboms"},
	{"progress", "all changes none"},
	{"report-level", "1 2 3"},
	{"require-platforms", "linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/ppc64le "
			      "linux/riscv64 linux/s390x windows/amd64"},
	{"require-referrers", "all signatures attestations sboms"},
	{"target-names", "plain library"},
};

/* Whoever wants to know of each option. */
struct completing {
	void (*take)(void *ctx, const struct completion_option *option);
	void *ctx;
};

static void find_value(struct completion_option *out)
{
	out->kind = out->argument ? COMPLETION_TEXT : COMPLETION_NO_VALUE;
	for (size_t i = 0; out->argument && i < array_count(values); i++)
		if (strcmp(values[i].name, out->name) == 0) {
			out->kind = COMPLETION_WORDS;
			out->words = values[i].words;
			return;
		}
	if (!out->argument)
		return;
	if (strcmp(out->argument, "DIR") == 0)
		out->kind = COMPLETION_FOLDERS;
	else if (strcmp(out->argument, "FILE") == 0 || strcmp(out->argument, "[HOST=]FILE") == 0 ||
		 strcmp(out->name, "docker-config") == 0)
		out->kind = COMPLETION_FILES;
}

static void take_option(const struct completing *completing, const struct option *option,
			bool letter)
{
	struct completion_option found = {.name = option->name,
					  .letter = letter ? option->letter : '\0',
					  .help = option->help,
					  .argument = option->argument,
					  .repeated = option_lists(option)};
	/* An older spelling of another option has no help. */
	if (option->kind == OPTION_KIND_GROUP || !option->help)
		return;
	find_value(&found);
	completing->take(completing->ctx, &found);
}

static void each_of_table(const struct completing *completing, const struct option *table,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		take_option(completing, &table[i], true);
}

static void each_of_run(const struct completing *completing)
{
	each_of_table(completing, option_table, option_count);
}

static void each_of_serve(const struct completing *completing)
{
	each_of_table(completing, serve_options_table, serve_options_count);
	for (size_t i = 0; i < option_count; i++)
		if (!serve_options_named(option_table[i].name))
			take_option(completing, &option_table[i], true);
}

static void each_of_imgsync(const struct completing *completing, enum flags_command command)
{
	for (size_t i = 0; i < flags_count; i++)
		if (flags_has(command, i))
			take_option(completing, &flags_table[i], true);
	for (size_t i = 0; i < option_count; i++)
		if (!flags_hides(option_table[i].name))
			take_option(completing, &option_table[i], false);
}

void completion_each(enum completion_context context,
		     void (*take)(void *ctx, const struct completion_option *option), void *ctx)
{
	const struct completing completing = {take, ctx};
	switch (context) {
	case COMPLETION_RUN:
		each_of_run(&completing);
		break;
	case COMPLETION_SERVE:
		each_of_serve(&completing);
		break;
	case COMPLETION_CHECK:
		each_of_table(&completing, check_options_table, check_options_count);
		each_of_serve(&completing);
		break;
	case COMPLETION_PROBE:
		each_of_table(&completing, probe_options_table, probe_options_count);
		each_of_run(&completing);
		break;
	case COMPLETION_REQUEST:
		each_of_table(&completing, request_options_table, request_options_count);
		each_of_run(&completing);
		break;
	case COMPLETION_PLAN:
		each_of_table(&completing, plan_options_table, plan_options_count);
		each_of_run(&completing);
		break;
	case COMPLETION_APPLY:
		each_of_run(&completing);
		break;
	case COMPLETION_REPORT:
		each_of_table(&completing, merge_options_table, merge_options_count);
		break;
	case COMPLETION_CONVERT:
		each_of_table(&completing, convert_options_table, convert_options_count);
		break;
	case COMPLETION_IMGSYNC:
		each_of_imgsync(&completing, FLAGS_NONE);
		break;
	case COMPLETION_SYNC:
		each_of_imgsync(&completing, FLAGS_SYNC);
		break;
	case COMPLETION_GCR:
		each_of_imgsync(&completing, FLAGS_GCR);
		break;
	case COMPLETION_FLANNEL:
		each_of_imgsync(&completing, FLAGS_FLANNEL);
		break;
	case COMPLETION_HELP:
	case COMPLETION_COMPLETION:
	case COMPLETION_CONTEXTS:
		break;
	}
}

void completion_quote(struct buf *out, const char *text, const char *special, const char *escape)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			buf_add_string(out, escape);
		buf_add_char(out, *text);
	}
}

bool completion_named(const char *word)
{
	return strcmp(word, "completion") == 0;
}

int completion_run(int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*script)(struct buf *out);
	} shells[] = {
		{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
	for (size_t i = 0; argc == 2 && i < array_count(shells); i++)
		if (strcmp(argv[1], shells[i].shell) == 0)
			return about_print(shells[i].script);
	fputs("completion: name a shell, bash, zsh or fish, as in\n"
	      "  source <(image-syncer completion bash)\n"
	      "An image of that name is docker.io/library/completion.\n",
	      stderr);
	return EXIT_USAGE;
}
