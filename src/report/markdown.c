/*
 * Text is escaped with numeric entities: unlike backslashes they work for every character, also
 * within a table cell and within HTML.
 */
#include "report/markdown.h"

#include "base/log.h"

#include <string.h>

/*
 * False where a link would begin: "https://" and "www." are the only texts let through that make
 * one.
 */
static bool plain(struct str text, size_t at)
{
	char c = text.at[at];
	struct str rest = str_from(text, at);
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	if (c == '.')
		return at < 3 || !str_equal_nocase(str_head(str_from(text, at - 3), 3), STR("www"));
	if (c == ':')
		return !str_starts(rest, "://");
	return word || (c & 0x80) || strchr(" -/,+=;'\"()", c);
}

void markdown_text(struct str text, size_t limit, struct buf *out)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, limit, &clean);
	for (size_t i = 0; i < clean.len; i++) {
		if (plain(buf_str(&clean), i))
			buf_add_char(out, clean.at[i]);
		else
			buf_printf(out, "&#%d;", (unsigned char)clean.at[i]);
	}
	out->failed |= !buf_ok(&clean);
}

void markdown_link(struct str text, struct str url, struct buf *out)
{
	if (url.len)
		buf_printf(out, "[%.*s](%.*s)", STR_ARGS(text), STR_ARGS(url));
	else
		buf_add_str(out, text);
}
