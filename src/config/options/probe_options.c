/* Words are registries here, not a source and a destination. */
#include "config/options/probe_options.h"

#include "base/secret.h"
#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

const struct option probe_options_table[] = {
#define PROBE_TEXT(field, name, argument, help)                                                    \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct probe_options, field), help},
#define PROBE_SWITCH(field, name, help)                                                            \
	{OPTION_KIND_SWITCH, name, 0, NULL, 0, offsetof(struct probe_options, field), help},
#include "config/options/probe_options.def"
#undef PROBE_TEXT
#undef PROBE_SWITCH
};
const size_t probe_options_count = array_count(probe_options_table);

static void take_word(struct arguments *given, const char *word)
{
	struct probe_options *out = given->ctx;
	secret_suspect(str_of(word));
	if (!*word)
		problem_add(given->problems, NULL, "the name of a registry is empty");
	else if (out->target_count == PROBE_OPTIONS_MAX)
		problem_add(given->problems, NULL, "more than %d registries: leave out \"%s\"",
			    PROBE_OPTIONS_MAX, word);
	else
		out->targets[out->target_count++] = word;
}

bool probe_options_parse(int argc, char **argv, struct probe_options *out, struct options *options,
			 struct problems *problems)
{
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {{.options = probe_options_table,
			    .count = probe_options_count,
			    .record = out},
			   {.options = option_table,
			    .count = option_count,
			    .record = options,
			    .letters = true}},
		.word = take_word,
		.ctx = out,
		.problems = problems,
	};
	size_t before = problems->error_count;
	*out = (struct probe_options){.target_count = 0};
	arguments_parse(&given);
	if (!out->target_count && problems->error_count == before)
		problem_add(problems, NULL,
			    "name a registry, or better a repository in it, as in "
			    "registry.example.com/team/app");
	return problems->error_count == before;
}

void probe_options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer probe HOST[/REPOSITORY[:TAG]]... [--auth FILE] [OPTION]...\n"
		"\n"
		"Asks registries as a sync would, and prints what it finds: address, proxy, TLS,\n"
		"login, limits, and why something does not work.\n"
		"\nWhat is tried and printed:\n");
	for (size_t i = 0; i < probe_options_count; i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "      --%s%s%s", probe_options_table[i].name,
			   probe_options_table[i].argument ? " " : "",
			   probe_options_table[i].argument ? probe_options_table[i].argument : "");
		options_help_row(out, &left, str_of(probe_options_table[i].help));
	}
	buf_add_string(
		out, "\n"
		     "Logins are found as in a sync; it also takes all options of a sync\n"
		     "(image-syncer --help).\n"
		     "\n"
		     "Exit status: 0 a sync could read from all of them, and with --write push to\n"
		     "them; 1 it could not; 2 usage or configuration.\n");
}
