/*
 * Comments are printed with secrets masked, since a comment may be what once was a login. A comment
 * about an earlier line than what is printed next goes before it; so the nodes need not be in the
 * order of the file.
 */
#include "config/convert/commented.h"

#include "base/secret.h"
#include "doc/yaml_quote.h"
#include "doc/yaml_scalar.h"

#include <limits.h>
#include <string.h>

enum { FLOW_MAX = 72 };

/* --- comments -------------------------------------------------------------------------------- */

static bool is_mine(const struct commented *text, const struct comment *comment)
{
	return !comment->used && (!text->mine || text->mine(text->ctx, comment->about));
}

static void put(const struct commented *text, struct comment *comment)
{
	secret_mask(comment->text, text->out);
	comment->used = true;
}

static void indent(const struct commented *text, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_add_string(text->out, "  ");
}

/* Comments about lines up to line, each on a line of its own. */
static void above(const struct commented *text, int from, int line, int depth)
{
	for (size_t i = 0; i < text->comments->count; i++) {
		struct comment *comment = &text->comments->items[i];
		bool alone = comment->about != comment->line;
		if (!is_mine(text, comment) || comment->about < from || comment->about > line ||
		    (comment->about == line && !alone))
			continue;
		indent(text, depth);
		put(text, comment);
		buf_add_char(text->out, '\n');
	}
}

static void behind(const struct commented *text, int line)
{
	for (size_t i = 0; i < text->comments->count; i++) {
		struct comment *comment = &text->comments->items[i];
		if (comment->about != line || comment->line != line || !is_mine(text, comment))
			continue;
		buf_add_char(text->out, ' ');
		put(text, comment);
	}
}

/* The end of a printed line, which was made of these two of the file; 0: of none. */
static void end_line(const struct commented *text, int key, int value)
{
	behind(text, key);
	behind(text, value);
	buf_add_char(text->out, '\n');
}

/* --- scalars --------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A text that no reader of YAML takes for anything else, also between brackets. */
static bool is_plain(struct str text)
{
	bool truth;
	char first = text.len ? text.at[0] : ' ', last = text.len ? text.at[text.len - 1] : ' ';
	if (!is_letter(first) && !(first >= '0' && first <= '9' && is_letter(last)))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.at[i]) && !(text.at[i] >= '0' && text.at[i] <= '9') &&
		    !strchr("._-/", text.at[i]))
			return false;
	return yaml_scalar_kind(text, &truth) == NODE_STRING && !str_is(text, "y") &&
	       !str_is(text, "n");
}

/* In single quotes everything but they stands for itself. */
static bool is_printable(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~' || text.at[i] == '\'' ||
		    str_starts(str_from(text, i), "##["))
			return false;
	return true;
}

static void add_text(struct str text, struct buf *out)
{
	scoped(buf_finish) struct buf quoted = {0};
	yaml_quote(text, &quoted);
	bool plain = quoted.len && quoted.at[0] != '"';
	if (is_plain(text) || plain)
		buf_add_str(out, text);
	else if (is_printable(text))
		buf_printf(out, "'%.*s'", STR_ARGS(text));
	else
		buf_add_str(out, buf_str(&quoted));
}

void commented_scalar(const struct node *node, struct buf *out)
{
	bool bare = node->kind == NODE_BOOL || (node->kind == NODE_NUMBER && !node->quoted);
	if (bare)
		buf_add_str(out, node->text);
	else
		add_text(node->text, out);
}

/* --- values ---------------------------------------------------------------------------------- */

static bool is_scalar(const struct node *node)
{
	return node->kind != NODE_MAP && node->kind != NODE_LIST;
}

/* "[a, b]", if that is short. */
static bool add_flow(const struct node *list, struct buf *flow)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct node *each = list->items[i];
		bool colon = str_find(each->text, ':') < each->text.len; /* some readers' pair */
		if (!is_scalar(each) || colon || each->line != list->items[0]->line)
			return false;
		buf_add_string(flow, i ? ", " : "[");
		commented_scalar(each, flow);
	}
	buf_add_string(flow, "]");
	return list->count && buf_ok(flow) && flow->len <= FLOW_MAX;
}

static void print_pairs(const struct commented *text, const struct node *map, int depth, int from,
			bool item);

static void print_list(const struct commented *text, const struct node *list, int depth, int from)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct node *each = list->items[i];
		above(text, from, each->line, depth);
		indent(text, depth);
		buf_add_string(text->out, "- ");
		if (each->kind == NODE_MAP) {
			print_pairs(text, each, depth + 1, from, true);
			continue;
		}
		commented_scalar(each, text->out);
		end_line(text, each->line, each->line);
	}
}

/* The value of a pair, behind its colon; key is the line of its name. */
static void print_value(const struct commented *text, const struct node *value, int key, int depth,
			int from)
{
	if (is_scalar(value)) {
		buf_add_char(text->out, ' ');
		commented_scalar(value, text->out);
		end_line(text, key, value->line);
	} else if (value->kind == NODE_MAP) {
		end_line(text, depth ? 0 : key, 0);
		print_pairs(text, value, depth + 1, from, false);
	} else if (!value->count) {
		buf_add_string(text->out, " []");
		end_line(text, key, value->line);
	} else {
		scoped(buf_finish) struct buf flow = {0};
		if (add_flow(value, &flow)) {
			buf_printf(text->out, " %s", buf_string(&flow));
			end_line(text, key, value->items[0]->line);
			return;
		}
		end_line(text, depth ? 0 : key, 0);
		print_list(text, value, depth + 1, from);
	}
}

static void add_key(const struct commented *text, const struct node *key)
{
	bool long_key = key->text.len > YAML_QUOTE_KEY_MAX;
	if (long_key)
		buf_add_string(text->out, "? ");
	add_text(key->text, text->out);
	if (long_key)
		buf_add_char(text->out, '\n');
	buf_add_char(text->out, ':');
}

static void print_pairs(const struct commented *text, const struct node *map, int depth, int from,
			bool item)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *value = map->items[i];
		int key = depth ? value->line : map->keys[i]->line;
		if (!item || i)
			above(text, depth ? from : 0, key, depth);
		if (!item || i)
			indent(text, depth);
		add_key(text, map->keys[i]);
		print_value(text, value, key, depth, depth ? from : key);
	}
	if (item && !map->count)
		buf_add_string(text->out, "{}\n");
}

void commented_print(const struct commented *text, const struct node *map)
{
	print_pairs(text, map, 0, 0, false);
	above(text, 0, INT_MAX, 0);
}
