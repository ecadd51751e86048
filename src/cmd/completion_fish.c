/*
 * Each line stands alone, with the contexts it holds for. Fish would complete names of files
 * everywhere; here only values that are files are.
 */
#include "cmd/completion_fish.h"

#include "cmd/completion.h"

struct fish {
	struct buf *out;
	const char *context;
};

static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	completion_quote(out, text, "'\\", "\\");
	buf_add_char(out, '\'');
}

static void take_option(void *ctx, const struct completion_option *option)
{
	const struct fish *fish = ctx;
	struct buf *out = fish->out;
	buf_printf(out, "complete -c image-syncer -n '__image_syncer_in %s' -l %s", fish->context,
		   option->name);
	if (option->letter)
		buf_printf(out, " -s %c", option->letter);
	if (option->kind == COMPLETION_FILES)
		buf_add_string(out, " -r -F");
	else if (option->kind == COMPLETION_FOLDERS)
		buf_add_string(out, " -x -a '(__fish_complete_directories)'");
	else if (option->kind != COMPLETION_NO_VALUE)
		buf_add_string(out, " -x");
	if (option->kind == COMPLETION_WORDS)
		buf_printf(out, " -a '%s'", option->words);
	buf_add_string(out, " -d ");
	add_text(out, option->help);
	buf_add_char(out, '\n');
}

static void add_context(struct buf *out, enum completion_context context)
{
	const struct completion_command *command = &completion_commands[context];
	struct fish fish = {out, command->name};
	if (command->what) {
		buf_printf(out, "complete -c image-syncer -n '__image_syncer_first' -a %s -d ",
			   command->name);
		add_text(out, command->what);
		buf_add_char(out, '\n');
	}
	if (*command->words)
		buf_printf(out, "complete -c image-syncer -n '__image_syncer_%s%s' -a '%s'\n",
			   context == COMPLETION_RUN ? "first" : "in ",
			   context == COMPLETION_RUN ? "" : command->name, command->words);
	if (command->files)
		buf_printf(out, "complete -c image-syncer -n '__image_syncer_in %s' -F\n",
			   command->name);
	completion_each(context, take_option, &fish);
}

void completion_fish(struct buf *out)
{
	buf_add_string(
		out,
		"# Completions of image-syncer for fish.\n"
		"function __image_syncer_first\n"
		"    test (count (commandline -opc)) -eq 1\n"
		"end\n"
		"function __image_syncer_in\n"
		"    set -l words (commandline -opc)\n"
		"    set -l context run\n"
		"    string match -q -r '(^|/)imgsync$' -- $words[1]; and set context imgsync\n"
		"    if test (count $words) -gt 1\n"
		"        switch $words[2]\n"
		"            case");
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		if (completion_commands[i].what)
			buf_printf(out, " %s", completion_commands[i].name);
	buf_add_string(out, "\n"
			    "                set context $words[2]\n"
			    "        end\n"
			    "    end\n"
			    "    test $context = $argv[1]\n"
			    "end\n"
			    "complete -c image-syncer -f\n"
			    "complete -c imgsync -w image-syncer\n");
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		add_context(out, (enum completion_context)i);
}
