/*
 * The script may be sourced, or be a file _image-syncer in a folder of $fpath. A command is taken
 * off the words before _arguments sees them, so that the rest is one command line like any other.
 */
#include "cmd/completion_zsh.h"

#include "cmd/completion.h"

#include <string.h>

/* "--log-level=[what to log]:LEVEL:(error warn info debug)", in single quotes. */
static void add_spec(struct buf *out, const char *before, const struct completion_option *option)
{
	buf_printf(out, "\t\t\t'%s%s[", option->repeated ? "*" : "", before);
	for (const char *at = option->help; *at; at++) {
		if (*at == '\'')
			buf_add_string(out, "'\\'");
		else if (strchr("[]:\\", *at))
			buf_add_char(out, '\\');
		buf_add_char(out, *at);
	}
	buf_add_char(out, ']');
	if (option->kind != COMPLETION_NO_VALUE) {
		buf_add_char(out, ':');
		completion_quote(out, option->argument, ":", "\\");
		buf_add_char(out, ':');
	}
	if (option->kind == COMPLETION_FILES)
		buf_add_string(out, "_files");
	else if (option->kind == COMPLETION_FOLDERS)
		buf_add_string(out, "_files -/");
	else if (option->kind == COMPLETION_WORDS) {
		buf_add_char(out, '(');
		completion_quote(out, option->words, ":", "\\");
		buf_add_char(out, ')');
	}
	buf_add_string(out, "'\n");
}

static void take_option(void *ctx, const struct completion_option *option)
{
	bool value = option->kind != COMPLETION_NO_VALUE;
	scoped(buf_finish) struct buf before = {0};
	buf_printf(&before, "--%s%s", option->name, value ? "=" : "");
	add_spec(ctx, buf_string(&before), option);
	if (!option->letter)
		return;
	buf_reset(&before);
	buf_printf(&before, "-%c%s", option->letter, value ? "+" : "");
	add_spec(ctx, buf_string(&before), option);
}

static void add_commands(struct buf *out)
{
	buf_add_string(out, "\tlocal -a commands=(\n");
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		if (completion_commands[i].what)
			buf_printf(out, "\t\t'%s:%s'\n", completion_commands[i].name,
				   completion_commands[i].what);
	buf_add_string(out, "\t)\n");
}

static void add_context(struct buf *out, enum completion_context context)
{
	const struct completion_command *command = &completion_commands[context];
	buf_printf(out, "\t%s)\n\t\tspecs=(\n", command->name);
	completion_each(context, take_option, out);
	if (command->files)
		buf_add_string(out, "\t\t\t'*:file:_files'\n");
	if (*command->words)
		buf_printf(out, "\t\t\t'1:word:(%s)'\n", command->words);
	buf_add_string(out, "\t\t)\n\t\t;;\n");
}

void completion_zsh(struct buf *out)
{
	buf_add_string(out, "#compdef image-syncer imgsync\n"
			    "# Completions of image-syncer for zsh.\n"
			    "_image-syncer()\n"
			    "{\n"
			    "\tlocal context=run\n"
			    "\tlocal -a specs\n");
	add_commands(out);
	buf_add_string(out,
		       "\t[[ ${words[1]:t} == imgsync ]] && context=imgsync\n"
		       "\tif (( CURRENT > 2 )) && [[ -n ${commands[(r)${words[2]}:*]} ]]; then\n"
		       "\t\tcontext=${words[2]}\n"
		       "\t\tshift words\n"
		       "\t\t(( CURRENT-- ))\n"
		       "\telif (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then\n"
		       "\t\t_describe -t commands command commands\n"
		       "\tfi\n"
		       "\tcase $context in\n");
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		add_context(out, (enum completion_context)i);
	buf_add_string(out, "\tesac\n"
			    "\t_arguments -s -S : $specs\n"
			    "}\n"
			    "if [[ ${funcstack[1]} == _image-syncer ]]; then\n"
			    "\t_image-syncer \"$@\"\n"
			    "else\n"
			    "\tcompdef _image-syncer image-syncer imgsync\n"
			    "fi\n");
}
