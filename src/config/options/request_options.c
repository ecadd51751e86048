/* Words are no source and destination here. */
#include "config/options/request_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

const struct option request_options_table[] = {
#define REQUEST_TEXT(field, name, argument, help)                                                  \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct request_options, field), help},
#define REQUEST_SWITCH(field, name, help)                                                          \
	{OPTION_KIND_SWITCH, name, 0, NULL, 0, offsetof(struct request_options, field), help},
#define REQUEST_LIST(field, name, argument, help)                                                  \
	{OPTION_KIND_LIST, name, 0, argument, 0, offsetof(struct request_options, field), help},
#include "config/options/request_options.def"
#undef REQUEST_TEXT
#undef REQUEST_SWITCH
#undef REQUEST_LIST
};
const size_t request_options_count = array_count(request_options_table);

/* What says what to copy in a sync. */
static const char *const hidden[] = {"images", "images-file", "list", "to", "config", NULL};

static void take_word(struct arguments *given, const char *word)
{
	problem_add(given->problems, NULL,
		    "\"%s\" is no option: request reads what is asked for from standard input",
		    word);
}

bool request_options_parse(int argc, char **argv, struct request_options *out,
			   struct options *options, struct problems *problems)
{
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {{.options = request_options_table,
			    .count = request_options_count,
			    .record = out},
			   {.options = option_table,
			    .count = option_count,
			    .record = options,
			    .hidden = hidden,
			    .letters = true}},
		.word = take_word,
		.problems = problems,
	};
	size_t before = problems->error_count;
	*out = (struct request_options){.plan = false};
	arguments_parse(&given);
	return problems->error_count == before;
}

void request_options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer request --policy FILE [OPTION]... <TEXT\n"
		"\n"
		"Finds the images that a text names, an issue for example, mirrors those that\n"
		"the policy allows, and answers in Markdown. The text comes from standard input,\n"
		"or from the variable INPUT_REQUEST.\n"
		"\nWho asks for what:\n");
	for (size_t i = 0; i < request_options_count; i++) {
		const struct option *option = &request_options_table[i];
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "      --%s%s%s", option->name, option->argument ? " " : "",
			   option->argument ? option->argument : "");
		options_help_row(out, &left, str_of(option->help));
	}
	buf_add_string(
		out, "\n"
		     "Logins are found as in a sync, and its options may be given as well\n"
		     "(image-syncer --help), --dry-run for example.\n"
		     "\n"
		     "Exit status: 0 all that was asked for is there; 1 something was refused or\n"
		     "failed, or nothing was found; 2 usage, policy or configuration.\n");
}
