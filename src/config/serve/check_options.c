/* One table has the options of both commands, so serve reads its own as it always does. */
#include "config/serve/check_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

const struct option check_options_table[] = {
#define CHECK_TEXT(field, name, argument, help)                                                    \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct check_options, field), help},
#define CHECK_SWITCH(field, name, help)                                                            \
	{OPTION_KIND_SWITCH, name, 0, NULL, 0, offsetof(struct check_options, field), help},
#include "config/serve/check_options.def"
#undef CHECK_TEXT
#undef CHECK_SWITCH
#define SERVE_TEXT(field, name, letter, argument, help)                                            \
	{OPTION_KIND_TEXT,                                                                         \
	 name,                                                                                     \
	 letter,                                                                                   \
	 argument,                                                                                 \
	 0,                                                                                        \
	 offsetof(struct check_options, serve.field),                                              \
	 help},
#include "config/serve/serve_options.def"
#undef SERVE_TEXT
};
const size_t check_options_count = array_count(check_options_table);

bool check_options_parse(const struct serve_options_reading *reading, struct check_options *out,
			 struct options *options)
{
	const struct arguments_table own = {.options = check_options_table,
					    .count = check_options_count,
					    .record = out,
					    .letters = true};
	struct serve_options_reading beside = *reading;
	beside.own = &own;
	*out = (struct check_options){.format = NULL};
	return serve_options_parse(&beside, &out->serve, options);
}

void check_options_help(struct buf *out)
{
	buf_add_string(
		out, "Usage: image-syncer check --images FILE [--auth FILE] [OPTION]...\n"
		     "       image-syncer check -c FILE [OPTION]...\n"
		     "\n"
		     "Reads everything that a run would read, and reports all errors at once. It\n"
		     "sends no request and writes nothing.\n"
		     "\nWhat is reported, and how:\n");
	for (size_t i = 0; i < check_options_count; i++) {
		char letter[] = {'-', check_options_table[i].letter, ',', ' ', '\0'};
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s--%s%s%s", check_options_table[i].letter ? letter : "    ",
			   check_options_table[i].name, check_options_table[i].argument ? " " : "",
			   check_options_table[i].argument ? check_options_table[i].argument : "");
		options_help_row(out, &left, str_of(check_options_table[i].help));
	}
	buf_add_string(
		out, "\n"
		     "It also takes all options of a sync (image-syncer --help).\n"
		     "\n"
		     "Exit status: 0 a run would start, perhaps with warnings; 2 it would not.\n");
}
