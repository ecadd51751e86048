/*
 * imgsync's own parser looks for the command behind any number of flags, and so does this one: the
 * command is known last. Therefore flags are noted as they come, and judged by it at the end.
 */
#include "config/imgsync/flags.h"

#include "base/file.h"
#include "base/secret.h"
#include "config/nearest.h"
#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Which commands have a flag. */
enum { GCR = 1 << FLAGS_GCR, MANY = GCR | 1 << FLAGS_FLANNEL, ALL = MANY | 1 << FLAGS_SYNC };

const struct option flags_table[] = {
#define FLAG_ANY(kind, field, name, letter, argument, fallback, help)                              \
	{OPTION_KIND_##kind, name, letter, argument, fallback, offsetof(struct flags, field), help},
#define FLAG_TEXT(field, name, commands, argument, help)                                           \
	FLAG_ANY(TEXT, field, name, 0, argument, 0, help)
#define FLAG_NUMBER(field, name, commands, argument, fallback, help)                               \
	FLAG_ANY(NUMBER, field, name, 0, argument, fallback, help)
#define FLAG_SWITCH(field, name, letter, commands, help)                                           \
	FLAG_ANY(SWITCH, field, name, letter, NULL, 0, help)
#define FLAG_OLD(kind, field, name, fallback) FLAG_ANY(kind, field, name, 0, "N", fallback, NULL)
#include "config/imgsync/flags.def"
#undef FLAG_TEXT
#undef FLAG_NUMBER
#undef FLAG_SWITCH
#undef FLAG_OLD
};

const size_t flags_count = array_count(flags_table);

/* An older spelling belongs to the commands of the flag before it. */
static const int commands_of[] = {
#define FLAG_TEXT(field, name, commands, argument, help) commands,
#define FLAG_NUMBER(field, name, commands, argument, fallback, help) commands,
#define FLAG_SWITCH(field, name, letter, commands, help) commands,
#define FLAG_OLD(kind, field, name, fallback) 0,
#include "config/imgsync/flags.def"
};

/* Options of image-syncer that say what is copied where, or have another name here. */
static const char *const hidden[] = {"images",
				     "images-file",
				     "list",
				     "config",
				     "to",
				     "proc",
				     "timeout",
				     "image-timeout",
				     "report",
				     "version",
				     "help",
				     "target-repo-prefix",
				     "target-names",
				     "target-repo-auth-key",
				     "access-token",
				     "access-token-file",
				     NULL};

static const struct {
	const char *name, *what, *words;
} commands[FLAGS_COMMANDS] = {
	[FLAGS_SYNC] = {"sync", "Copies one image.", " IMAGE"},
	[FLAGS_GCR] = {"gcr", "Copies all images of a namespace of gcr.io, or of Kubernetes.", ""},
	[FLAGS_FLANNEL] = {"flannel", "Copies all images of quay.io/coreos/flannel.", ""},
};

enum { WORDS_MAX = 2 };

/* What was met on the command line. */
struct reading {
	const char *words[WORDS_MAX];
	size_t count;
	size_t flags; /* how many flags of imgsync's own */
	bool given[array_count(flags_table)];
};

enum flags_command flags_named(const char *word)
{
	for (int i = FLAGS_SYNC; i < FLAGS_COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return (enum flags_command)i;
	return FLAGS_NONE;
}

const char *flags_name(enum flags_command command)
{
	return commands[command].name;
}

static void take_word(struct arguments *given, const char *word)
{
	struct reading *reading = given->ctx;
	secret_suspect(str_of(word));
	if (reading->count < WORDS_MAX)
		reading->words[reading->count] = word;
	reading->count++;
}

static void note_flag(struct arguments *given, const struct option *option)
{
	struct reading *reading = given->ctx;
	if (option < flags_table || option >= flags_table + flags_count)
		return;
	reading->given[option - flags_table] = true;
	reading->flags++;
}

/* "imgsync help gcr" is "imgsync gcr --help". */
static void drop_help(struct reading *reading, struct flags *out)
{
	if (!reading->count || strcmp(reading->words[0], "help") != 0)
		return;
	out->help = true;
	reading->words[0] = reading->words[1];
	reading->count--;
}

static void unknown_command(const char *word, struct problems *problems)
{
	static const char *const names[] = {"sync", "gcr", "flannel", "help"};
	const char *near = nearest_word(str_of(word), names, array_count(names));
	problem_add(problems, NULL, "unknown command \"%s\"%s%s%s", word,
		    near ? ": did you mean " : ": expected sync, gcr or flannel", near ? near : "",
		    near ? "?" : "");
}

/* Takes the words as a command and what it is about. */
static void use_words(struct reading *reading, struct flags *out, struct problems *problems)
{
	drop_help(reading, out);
	if (!reading->count && !reading->flags) {
		out->help = true;
		return;
	}
	if (!reading->count && !out->help && !out->version)
		problem_add(problems, NULL, "a command is missing: sync, gcr or flannel");
	if (!reading->count)
		return;
	size_t wanted = 1;
	out->command = flags_named(reading->words[0]);
	if (out->command == FLAGS_NONE) {
		unknown_command(reading->words[0], problems);
		return;
	}
	if (out->command == FLAGS_SYNC) {
		wanted++;
		out->image = reading->count > 1 ? reading->words[1] : NULL;
	}
	if (reading->count > wanted)
		problem_add(problems, NULL, "unexpected argument: %s takes %s",
			    flags_name(out->command),
			    wanted > 1 ? "one image; copy several with image-syncer --list FILE"
				       : "flags only, as in --namespace NAME");
	else if (wanted > 1 && (!out->image || !*out->image))
		problem_add(
			problems, NULL,
			"sync: the image is missing, as in sync quay.io/coreos/flannel:v0.12.0");
}

static int commands_with(size_t flag)
{
	while (!commands_of[flag])
		flag--;
	return commands_of[flag];
}

bool flags_has(enum flags_command command, size_t flag)
{
	return commands_with(flag) & (command == FLAGS_NONE ? ALL : 1 << command);
}

bool flags_hides(const char *name)
{
	for (size_t i = 0; i < flags_count; i++)
		if (strcmp(flags_table[i].name, name) == 0)
			return true;
	for (const char *const *at = hidden; *at; at++)
		if (strcmp(*at, name) == 0)
			return true;
	return false;
}

static void judge_flags(const struct reading *reading, const struct flags *flags,
			struct problems *problems)
{
	for (size_t i = 0; i < flags_count; i++)
		if (reading->given[i] && flags->command != FLAGS_NONE &&
		    !(commands_with(i) & 1 << flags->command))
			problem_add(problems, NULL, "%s has no --%s", flags_name(flags->command),
				    flags_table[i].name);
}

/* Zero is no limit that anybody wants: imgsync takes the default instead. */
static void fill_in(struct flags *flags)
{
	enum { LIMIT = 20, LEVEL = 1 };
	flags->query_limit = flags->query_limit ? flags->query_limit : LIMIT;
	flags->process_limit = flags->process_limit ? flags->process_limit : LIMIT;
	flags->report_level = flags->report_level ? flags->report_level : LEVEL;
}

/* A file of its own: imgsync's caches may lie beside it, which are of no use here. */
static void find_hints(struct flags *flags, struct problems *problems)
{
	static const char name[] = "image-syncer-hints.json";
	int len = 0;
	if (flags->manifests)
		len = snprintf(flags->hints, sizeof(flags->hints), "%s/%s", flags->manifests, name);
	if (len >= (int)sizeof(flags->hints))
		problem_add(problems, NULL, "--manifests: the name of the folder is too long");
}

bool flags_parse(int argc, char **argv, struct flags *out, struct options *options,
		 struct problems *problems)
{
	struct reading reading = {.count = 0};
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {{flags_table, flags_count, out, NULL, true},
			   {option_table, option_count, options, hidden, false}},
		.word = take_word,
		.option = note_flag,
		.ctx = &reading,
		.problems = problems,
	};
	size_t before = problems->error_count;
	*out = (struct flags){.command = FLAGS_NONE};
	for (size_t i = 0; i < flags_count; i++)
		option_reset(out, &flags_table[i]);
	arguments_parse(&given);
	const char *secrets[] = {out->password, out->telegram_token};
	for (size_t i = 0; i < array_count(secrets); i++)
		if (secrets[i])
			secret_register(str_of(secrets[i]));
	fill_in(out);
	find_hints(out, problems);
	if (!given.unknown)
		use_words(&reading, out, problems);
	judge_flags(&reading, out, problems);
	return problems->error_count == before;
}

/* --- what they mean ------------------------------------------------------------------------- */

static bool is_stdout(const char *path)
{
	return path && file_is_stdout(path);
}

static void settle_reports(const struct flags *flags, struct options *options,
			   struct problems *problems)
{
	options->report = flags->report_file;
	if (flags->plan && !flags->report_file && !flags->report)
		options->report = "-";
	if (flags->report &&
	    (is_stdout(options->log) || is_stdout(options->report) ||
	     is_stdout(options->output_success_images) || is_stdout(options->output_failed_images)))
		problem_add(problems, NULL,
			    "--report prints to standard output: give what else goes there a file "
			    "of its own");
}

static void settle_batch(const struct flags *flags, const struct options *options,
			 struct problems *problems)
{
	if (!flags->batch_size != !flags->batch_number)
		problem_add(problems, NULL,
			    "--batch-size and --batch-number belong together: give both, as in "
			    "--batch-size 1000 --batch-number 1");
	else if (flags->batch_size && options->shard)
		problem_add(problems, NULL,
			    "--shard and --batch-size both say which part to copy: give one of "
			    "them");
}

/*
 * imgsync copies the tags of signatures like any others. Here they go along with their images, if
 * nobody says otherwise: "none" does.
 */
static void settle_referrers(struct options *options)
{
	struct option_list *list = &options->referrers;
	if (!list->count)
		list->items[list->count++] = "signatures,attestations,sboms";
	else if (list->count == 1 && strcmp(list->items[0], "none") == 0)
		list->count = 0;
}

void flags_settle(const struct flags *flags, struct options *options, struct problems *problems)
{
	static const char timeout[] = "10m0s";
	/* Of a variable of kyma's tool, which says what that one copies. */
	options->images = NULL;
	options->imgsync = flags;
	options->hints = *flags->hints ? flags->hints : NULL;
	options->image_timeout = flags->timeout ? flags->timeout : timeout;
	options->proc = flags->process_limit;
	options->dry_run |= flags->plan;
	settle_referrers(options);
	settle_reports(flags, options, problems);
	settle_batch(flags, options, problems);
}

int flags_level(const struct flags *flags)
{
	return flags->report ? flags->report_level : 0;
}

const char *flags_title(const struct flags *flags)
{
	if (flags->report_name)
		return flags->report_name;
	if (flags->command != FLAGS_GCR)
		return flags_name(flags->command);
	if (flags->kubeadm)
		return "kubeadm";
	return flags->name_space ? flags->name_space : FLAGS_NAMESPACE;
}

/* --- help ----------------------------------------------------------------------------------- */

static void add_flags(enum flags_command command, struct buf *out)
{
	buf_add_string(out, "\nFlags:\n");
	for (size_t i = 0; i < flags_count; i++) {
		const struct option *flag = &flags_table[i];
		char letter[] = {'-', flag->letter, ',', ' ', '\0'};
		scoped(buf_finish) struct buf left = {0}, right = {0};
		if (!flag->help || !(commands_with(i) & (command ? 1 << command : ALL)))
			continue;
		buf_printf(&left, "  %s--%s%s%s", flag->letter ? letter : "    ", flag->name,
			   flag->argument ? " " : "", flag->argument ? flag->argument : "");
		buf_add_string(&right, flag->help);
		if (flag->kind == OPTION_KIND_NUMBER && flag->fallback)
			buf_printf(&right, " (default %d)", flag->fallback);
		if (strcmp(flag->name, "password") == 0)
			buf_add_string(&right, " [IMGSYNC_PASSWORD]");
		if (strcmp(flag->name, "telegram-token") == 0)
			buf_add_string(&right, " [IMGSYNC_TELEGRAM_TOKEN]");
		options_help_row(out, &left, buf_str(&right));
	}
}

void flags_help(enum flags_command command, struct buf *out)
{
	if (command)
		buf_printf(out, "Usage: imgsync %s%s --user USER [FLAG]...\n\n%s\n",
			   commands[command].name, commands[command].words, commands[command].what);
	else
		buf_add_string(out, "Usage: imgsync COMMAND --user USER [FLAG]...\n\nCommands:\n");
	for (int i = FLAGS_SYNC; !command && i < FLAGS_COMMANDS; i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s%s", commands[i].name, commands[i].words);
		options_help_row(out, &left, str_of(commands[i].what));
	}
	add_flags(command, out);
	buf_add_string(
		out,
		"\n"
		"Image-syncer has the same commands, as its first argument. Its options for\n"
		"logins, selection, limits and logs may be given as well (image-syncer --help),\n"
		"but not by their letters.\n"
		"\n"
		"Exit status: 0 everything in sync, 1 at least one image failed, 2 usage or\n"
		"configuration, 130 or 143 interrupted.\n");
}
