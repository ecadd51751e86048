/* Nothing is copied, so no option of a sync has a meaning here. */
#include "config/convert/convert_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

const struct option convert_options_table[] = {
#define CONVERT_TEXT(field, name, argument, help)                                                  \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct convert_options, field), help},
#define CONVERT_SWITCH(field, name, letter, help)                                                  \
	{OPTION_KIND_SWITCH, name, letter, NULL, 0, offsetof(struct convert_options, field), help},
#include "config/convert/convert_options.def"
#undef CONVERT_TEXT
#undef CONVERT_SWITCH
};
const size_t convert_options_count = array_count(convert_options_table);

static void take_word(struct arguments *given, const char *word)
{
	struct convert_options *out = given->ctx;
	if (out->file)
		problem_add(given->problems, NULL, "%s and %s: convert takes one file at a time",
			    out->file, word);
	else
		out->file = word;
}

bool convert_options_parse(int argc, char **argv, struct convert_options *out,
			   struct problems *problems)
{
	struct arguments given = {.argc = argc,
				  .argv = argv,
				  .tables = {{.options = convert_options_table,
					      .count = convert_options_count,
					      .record = out,
					      .letters = true}},
				  .word = take_word,
				  .ctx = out,
				  .problems = problems};
	size_t before = problems->error_count;
	*out = (struct convert_options){.file = NULL};
	arguments_parse(&given);
	if (!out->file && problems->error_count == before)
		problem_add(problems, NULL,
			    "name the file to convert, as in image-syncer convert regsync.yml");
	return problems->error_count == before;
}

void convert_options_help(struct buf *out)
{
	buf_add_string(
		out, "Usage: image-syncer convert FILE [OPTION]...\n"
		     "\n"
		     "Prints a file of another program as an images file, with its comments. What\n"
		     "has no counterpart is listed on standard error. No server is asked.\n"
		     "\nWhat is read and printed:\n");
	for (size_t i = 0; i < convert_options_count; i++) {
		const struct option *option = &convert_options_table[i];
		char letter[] = {'-', option->letter, ',', ' ', '\0'};
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s--%s%s%s", option->letter ? letter : "    ", option->name,
			   option->argument ? " " : "", option->argument ? option->argument : "");
		options_help_row(out, &left, str_of(option->help));
	}
	buf_add_string(out,
		       "\n"
		       "Exit status: 0 all of it was printed, perhaps without what the summary\n"
		       "names; 2 usage, or mistakes that a run would refuse.\n");
}
