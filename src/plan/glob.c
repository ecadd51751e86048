/* A glob becomes a pattern, so that both find in one way. */
#include "plan/glob.h"

#include "base/buf.h"

#include <string.h>

bool glob_is(struct str text)
{
	return str_find(text, '*') < text.len || str_find(text, '?') < text.len;
}

bool glob_has_others(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.at[i] || strchr("[](){}+^$|\\", text.at[i]))
			return true;
	return false;
}

static void print(struct str glob, struct buf *out)
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

bool glob_parse(struct arena *arena, struct str glob, const struct pattern **out, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	print(glob, &text);
	return buf_ok(&text) ? pattern_parse(arena, buf_str(&text), out, err) : error_memory(err);
}
