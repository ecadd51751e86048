/*
 * An action is split into its words, of which the two known forms have exactly two: a function and
 * a quoted text. A "-" beside the braces trims blanks around them, and there are none to trim in
 * what these texts become.
 */
#include "config/foreign/template.h"

#include <string.h>

struct action {
	struct str all;      /* with its braces */
	struct str function; /* "env" */
	struct str argument; /* without quotes */
};

/* The offset of needle in text; text.len: it is not there. */
static size_t find(struct str text, const char *needle)
{
	for (size_t i = 0; i < text.len; i++)
		if (str_starts(str_from(text, i), needle))
			return i;
	return text.len;
}

bool template_in(struct str text)
{
	return find(text, "{{") < text.len;
}

static struct str unquote(struct str text)
{
	bool quoted = text.len >= 2 && (text.at[0] == '"' || text.at[0] == '`') &&
		      text.at[text.len - 1] == text.at[0];
	struct str inside = quoted ? str_from(str_head(text, text.len - 1), 1) : (struct str){0};
	bool plain = str_find(inside, '\\') == inside.len && str_find(inside, '"') == inside.len;
	return plain ? inside : (struct str){0};
}

/* Reads the action that text begins with. False: it is none of the two. */
static bool read_action(struct str text, struct action *out)
{
	size_t end = find(text, "}}");
	if (end == text.len)
		return false;
	out->all = str_head(text, end + 2);
	struct str inside = str_from(str_head(text, end), 2);
	if (str_starts(inside, "-"))
		inside = str_from(inside, 1);
	if (str_ends(inside, "-"))
		inside = str_head(inside, inside.len - 1);
	inside = str_trim(inside);
	str_cut(&inside, ' ', &out->function);
	out->argument = unquote(str_trim(inside));
	return out->argument.len > 0;
}

static void refuse(struct translation *translation, const struct node *node, enum template_use use)
{
	const char *file =
		use == TEMPLATE_CREDENTIAL ? ", or {{file \"PATH\"}} as the whole text" : "";
	translation_refuse(translation, node,
			   "this template has no counterpart here: write {{env \"NAME\"}} with a "
			   "name of letters, digits and _%s, or the value itself",
			   file);
}

/* A variable's name, which is also none with a default or anything else around it. */
static bool is_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.at[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
					   "0123456789",
					   text.at[i]))
			return false;
	return text.len && (text.at[0] < '0' || text.at[0] > '9');
}

/* Appends text with a $ in front of each $, so that it stays as it is. */
static void add_literal(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '$')
			buf_add_char(out, '$');
		buf_add_char(out, text.at[i]);
	}
}

/* The text with ${NAME} for each {{env "NAME"}}. False: it has another template. */
static bool rewrite(struct str text, struct buf *out)
{
	while (text.len) {
		struct action action;
		size_t start = find(text, "{{");
		add_literal(str_head(text, start), out);
		text = str_from(text, start);
		if (!text.len)
			return true;
		if (!read_action(text, &action) || !str_is(action.function, "env") ||
		    !is_name(action.argument))
			return false;
		buf_printf(out, "${%.*s}", STR_ARGS(action.argument));
		text = str_from(text, action.all.len);
	}
	return true;
}

/* Replaces the variables of a source. */
static struct node *expand(struct translation *translation, const struct node *node,
			   struct str text)
{
	const char *value;
	struct error err = {0};
	if (expand_text(translation->arena, text, EXPAND_DESTINATION, translation->lookup, &value,
			&err))
		return translation_text(translation, node, str_of(value));
	translation_refuse(translation, node, "%s", err.text);
	return NULL;
}

struct node *template_read(struct translation *translation, const struct node *node,
			   enum template_use use, bool *file)
{
	scoped(buf_finish) struct buf text = {0};
	struct action action;
	if (file)
		*file = false;
	if (file && str_starts(node->text, "{{") && read_action(node->text, &action) &&
	    action.all.len == node->text.len && str_is(action.function, "file")) {
		*file = true;
		return translation_text(translation, node, action.argument);
	}
	if (!rewrite(node->text, &text)) {
		refuse(translation, node, use);
		return NULL;
	}
	translation->failed |= !buf_ok(&text);
	if (use == TEMPLATE_SOURCE)
		return expand(translation, node, buf_str(&text));
	return translation_text(translation, node, buf_str(&text));
}
