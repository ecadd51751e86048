/* A server runs what a sync runs, so all options of a sync are options of serve. */
#include "config/serve/serve_options.h"

#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

static const struct option table[] = {
#define SERVE_TEXT(field, name, argument, help)                                                    \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct serve_options, field), help},
#include "config/serve/serve_options.def"
#undef SERVE_TEXT
};

bool serve_options_parse(int argc, char **argv, struct serve_options *out, struct options *options,
			 struct problems *problems)
{
	const struct arguments_table own = {
		.options = table, .count = array_count(table), .record = out};
	*out = (struct serve_options){0};
	return options_parse_beside(argc, argv, &own, options, problems);
}

void serve_options_help(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer serve --images FILE [--auth FILE] --every TIME [OPTION]...\n"
		"       image-syncer serve --images FILE [--auth FILE] --cron WHEN [OPTION]...\n"
		"\n"
		"Runs until it is stopped, and does a sync whenever it is time.\n"
		"\nWhen:\n");
	for (size_t i = 0; i < array_count(table); i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "      --%s %s", table[i].name, table[i].argument);
		options_help_row(out, &left, str_of(table[i].help));
	}
	buf_add_string(
		out,
		"\n"
		"All options of a sync may be given as well (image-syncer --help). Files are\n"
		"read again before each run; while one has a mistake, the rules read before\n"
		"stay in force. SIGHUP starts a run at once, SIGUSR1 opens the log file again.\n"
		"\n"
		"Exit status: 2 usage, or a mistake in the files at the start; 130 or 143\n"
		"stopped by SIGINT or SIGTERM. A run that fails does not end the server.\n");
}
