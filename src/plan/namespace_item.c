/* A glob becomes a pattern, so that both find in one way. */
#include "plan/namespace_item.h"

#include "base/buf.h"
#include "oci/reference.h"

#include <string.h>

static bool is_glob(struct str text)
{
	return str_find(text, '*') < text.len || str_find(text, '?') < text.len;
}

/* A glob as a pattern: stars and question marks stand for no '/', two stars for anything. */
static void print_glob(struct str glob, struct buf *out)
{
	buf_add_char(out, '^');
	while (glob.len) {
		bool any = str_starts(glob, "**");
		if (any)
			buf_add_string(out, ".*");
		else if (glob.at[0] == '*')
			buf_add_string(out, "[^/]*");
		else if (glob.at[0] == '?')
			buf_add_string(out, "[^/]");
		else if (glob.at[0] == '.')
			buf_add_string(out, "\\.");
		else
			buf_add_char(out, glob.at[0]);
		glob = str_from(glob, any ? 2 : 1);
	}
	buf_add_char(out, '$');
}

/* True when text is a /pattern/. */
static bool is_pattern(struct str text)
{
	return text.len > 1 && text.at[0] == '/' && text.at[text.len - 1] == '/';
}

/* The text between slashes, or that of a glob; empty: a plain name. */
static void print_pattern(struct str text, struct buf *out)
{
	if (is_pattern(text))
		buf_add_str(out, str_head(str_from(text, 1), text.len - 2));
	else if (is_glob(text))
		print_glob(text, out);
}

/* A plain name is that of a repository below the namespace, and a glob has two signs only. */
static bool check(struct arena *arena, struct str text, struct error *err)
{
	struct reference name;
	if (is_glob(text) && strpbrk(text.at, "[](){}+^$|\\"))
		return error_set(err, ERROR_CONFIG,
				 "such a pattern knows only *, ** and ?: write a /pattern/");
	if (is_glob(text))
		return true;
	const char *full = arena_printf(arena, "a.test/%.*s", STR_ARGS(text));
	if (!full)
		return error_memory(err);
	if (!reference_parse(arena, str_of(full), &name, err))
		return error_set(err, ERROR_CONFIG, "this is no path of a repository");
	return (!name.tag && !name.digest) ||
	       error_set(err, ERROR_CONFIG,
			 "tags stand behind the namespace, as in quay.io/coreos/*:v1, or in tags");
}

bool namespace_item_parse(struct arena *arena, const char *text, struct namespace_item *out,
			  struct error *err)
{
	scoped(buf_finish) struct buf pattern = {0};
	*out = (struct namespace_item){.name = str_of(text)};
	print_pattern(out->name, &pattern);
	if (!buf_ok(&pattern))
		return error_memory(err);
	if ((is_pattern(out->name) || check(arena, out->name, err)) &&
	    (!pattern.len || pattern_parse(arena, buf_str(&pattern), &out->pattern, err)))
		return true;
	return error_wrap(err, "\"%.100s\"", text);
}

bool namespace_item_find(const struct namespace_item *items, size_t count, struct str below,
			 bool *found, struct error *err)
{
	*found = false;
	for (size_t i = 0; i < count && !*found; i++) {
		const struct namespace_item *item = &items[i];
		if (!item->pattern)
			*found = str_equal(item->name, below);
		else if (!pattern_match(item->pattern, below, found, err))
			return false;
	}
	return true;
}
