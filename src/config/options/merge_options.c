/* The first word is what is to be done with reports, all others are their names. */
#include "config/options/merge_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>
#include <string.h>

const struct option merge_options_table[] = {
#define MERGE_TEXT(field, name, argument, help)                                                    \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct merge_options, field), help},
#define MERGE_SWITCH(field, name, help)                                                            \
	{OPTION_KIND_SWITCH, name, 0, NULL, 0, offsetof(struct merge_options, field), help},
#include "config/options/merge_options.def"
#undef MERGE_TEXT
#undef MERGE_SWITCH
};
const size_t merge_options_count = array_count(merge_options_table);

static void take_file(struct arguments *given, const char *word)
{
	struct merge_options *out = given->ctx;
	if (!out->merge && strcmp(word, "merge") == 0)
		out->merge = true;
	else if (!out->merge && !out->file_count)
		problem_add(given->problems, NULL,
			    "report %s: there is report merge FILE..., which joins reports", word);
	else if (!*word)
		problem_add(given->problems, NULL, "the name of a report is empty");
	else if (out->file_count == MERGE_OPTIONS_MAX)
		problem_add(given->problems, NULL, "more than %d reports: leave out %s",
			    MERGE_OPTIONS_MAX, word);
	else
		out->files[out->file_count++] = word;
}

bool merge_options_parse(int argc, char **argv, struct merge_options *out,
			 struct problems *problems)
{
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {{.options = merge_options_table,
			    .count = merge_options_count,
			    .record = out}},
		.word = take_file,
		.ctx = out,
		.problems = problems,
	};
	size_t before = problems->error_count;
	*out = (struct merge_options){.file_count = 0};
	arguments_parse(&given);
	if (!out->file_count && problems->error_count == before)
		problem_add(problems, NULL,
			    "name the reports, as in image-syncer report merge shard-*.json");
	return problems->error_count == before;
}

void merge_options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer report merge FILE... [--out FILE]\n"
		"\n"
		"Joins the reports of several jobs into one, as if one job had done all of it.\n"
		"Reports of shards (--shard I/N) must be of the same N, and those of a plan of\n"
		"the same plan; a shard without a report is named and makes the exit status 1.\n"
		"\n");
	for (size_t i = 0; i < merge_options_count; i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "      --%s%s%s", merge_options_table[i].name,
			   merge_options_table[i].argument ? " " : "",
			   merge_options_table[i].argument ? merge_options_table[i].argument : "");
		options_help_row(out, &left, str_of(merge_options_table[i].help));
	}
	buf_add_string(out,
		       "\n"
		       "Exit status: 0 all images of all reports are in sync; 1 not all, or a\n"
		       "report is missing; 2 usage, or what is given are no such reports.\n");
}
