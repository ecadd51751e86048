/*
 * Readline cuts words at '=' and ':', so "--log-level=x" comes as three words. Nothing here needs
 * the package bash-completion.
 */
#include "cmd/completion_bash.h"

#include "cmd/completion.h"

/* Options of one context whose values are completed in the same way. */
struct completion_group {
	struct buf *out;
	enum completion_kind kind;
	bool any;
};

static void add_pattern(struct buf *out, const struct completion_option *option, bool *any)
{
	buf_printf(out, "%s--%s", *any ? "|" : "\t\t", option->name);
	if (option->letter)
		buf_printf(out, "|-%c", option->letter);
	*any = true;
}

static void take_pattern(void *ctx, const struct completion_option *option)
{
	struct completion_group *group = ctx;
	if (option->kind == group->kind)
		add_pattern(group->out, option, &group->any);
}

static void take_words(void *ctx, const struct completion_option *option)
{
	struct buf *out = ctx;
	bool any = false;
	if (option->kind != COMPLETION_WORDS)
		return;
	add_pattern(out, option, &any);
	buf_printf(out, ") words=\"%s\" ;;\n", option->words);
}

static void take_name(void *ctx, const struct completion_option *option)
{
	buf_printf(ctx, " --%s", option->name);
}

static void add_kind(struct buf *out, enum completion_context context, enum completion_kind kind,
		     const char *action)
{
	struct completion_group group = {out, kind, false};
	completion_each(context, take_pattern, &group);
	if (group.any)
		buf_printf(out, ") %s ;;\n", action);
}

static void add_context(struct buf *out, enum completion_context context)
{
	const struct completion_command *command = &completion_commands[context];
	bool options = context != COMPLETION_HELP && context != COMPLETION_COMPLETION;
	buf_printf(out, "\t%s)\n", command->name);
	if (options) {
		buf_add_string(out, "\t\tcase $prev in\n");
		completion_each(context, take_words, out);
		add_kind(out, context, COMPLETION_FILES, "files=-f");
		add_kind(out, context, COMPLETION_FOLDERS, "files=-d");
		add_kind(out, context, COMPLETION_TEXT, "return");
		buf_add_string(out, "\t\tesac\n");
		if (command->files)
			buf_add_string(out, "\t\t[[ ! $words && $cur != -* ]] && files=-f\n");
	}
	buf_printf(out, "\t\toptions=\"");
	completion_each(context, take_name, out);
	buf_printf(out, "\"\n\t\tplain=\"%s\"\n\t\t;;\n", command->words);
}

static void add_commands(struct buf *out, const char *between)
{
	bool any = false;
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		if (completion_commands[i].what) {
			buf_printf(out, "%s%s", any ? between : "", completion_commands[i].name);
			any = true;
		}
}

void completion_bash(struct buf *out)
{
	buf_add_string(
		out, "# Completions of image-syncer for bash.\n"
		     "_image_syncer()\n"
		     "{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\tlocal context=run words= files= options= plain= commands= IFS=$' \\t\\n'\n"
		     "\tCOMPREPLY=()\n"
		     "\tif [[ $cur == = ]]; then\n"
		     "\t\tcur=\n"
		     "\telif [[ $prev == = ]]; then\n"
		     "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
		     "\tfi\n"
		     "\t[[ ${COMP_WORDS[0]##*/} == imgsync ]] && context=imgsync\n"
		     "\tif ((COMP_CWORD > 1)); then\n"
		     "\t\tcase ${COMP_WORDS[1]} in\n"
		     "\t\t");
	add_commands(out, "|");
	buf_add_string(out, ") context=${COMP_WORDS[1]} ;;\n"
			    "\t\tesac\n"
			    "\telif [[ $context == imgsync ]]; then\n"
			    "\t\tcommands=\"sync gcr flannel help\"\n"
			    "\telse\n"
			    "\t\tcommands=\"");
	add_commands(out, " ");
	buf_add_string(out, "\"\n\tfi\n\tcase $context in\n");
	for (int i = 0; i < COMPLETION_CONTEXTS; i++)
		add_context(out, (enum completion_context)i);
	buf_add_string(out, "\tesac\n"
			    "\tif [[ $files ]]; then\n"
			    "\t\tcompopt -o filenames 2>/dev/null\n"
			    "\t\tIFS=$'\\n'\n"
			    "\t\tCOMPREPLY=($(compgen \"$files\" -- \"$cur\"))\n"
			    "\t\treturn\n"
			    "\tfi\n"
			    "\tif [[ ! $words ]]; then\n"
			    "\t\t[[ $context == run ]] && ((COMP_CWORD > 1)) && plain=\n"
			    "\t\twords=\"$commands $plain\"\n"
			    "\t\t[[ $cur == -* ]] && words=$options\n"
			    "\tfi\n"
			    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			    "}\n"
			    "complete -F _image_syncer image-syncer imgsync\n");
}
