/*
 * A full HTML parser would be larger than its purpose. Here a tag is anything between angle
 * brackets, and the only elements that matter are those whose text is never displayed.
 */
#include "doc/html.h"

#include <string.h>

/* How far into a body the search for its first tag goes. */
enum { PROLOGUE_MAX = 1024 };

static bool starts_nocase(struct str text, const char *prefix)
{
	return str_equal_nocase(str_head(text, strlen(prefix)), str_of(prefix));
}

/* The offset of the first occurrence of word, in any case, or text.len. */
static size_t find_nocase(struct str text, const char *word)
{
	for (size_t at = 0; at < text.len; at++)
		if (starts_nocase(str_from(text, at), word))
			return at;
	return text.len;
}

bool html_is_page(struct str media_type, struct str body)
{
	struct str bare = str_trim(str_head(media_type, str_find(media_type, ';')));
	struct str start = str_head(body, PROLOGUE_MAX);
	if (str_equal_nocase(bare, STR("text/html")) ||
	    str_equal_nocase(bare, STR("application/xhtml+xml")))
		return true;
	while (start.len && ((unsigned char)start.at[0] <= ' ' || (start.at[0] & 0x80)))
		start = str_from(start, 1);
	return start.len && start.at[0] == '<' &&
	       (find_nocase(start, "<!doctype html") < start.len ||
		find_nocase(start, "<html") < start.len);
}

/*
 * The character of the entity at the start of text; 0: there is none. *len is the entity's length.
 */
static char take_entity(struct str text, size_t *len)
{
	static const struct {
		const char *name;
		char c;
	} table[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},  {"&quot;", '"'},
		     {"&#39;", '\''}, {"&apos;", '\''}, {"&nbsp;", ' '}};
	for (size_t i = 0; i < array_count(table); i++) {
		*len = strlen(table[i].name);
		if (starts_nocase(text, table[i].name))
			return table[i].c;
	}
	return 0;
}

static void add_folded(struct buf *out, char c)
{
	bool blank = (unsigned char)c <= ' ' || c == 0x7f;
	if (!blank)
		buf_add_char(out, c);
	else if (out->len && out->at[out->len - 1] != ' ')
		buf_add_char(out, ' ');
}

static void trim_end(struct buf *out)
{
	while (out->len && out->at[out->len - 1] == ' ')
		out->at[--out->len] = '\0';
}

/* The length of the markup at the start of text, which begins with '<'. */
static size_t skip_markup(struct str text)
{
	static const char *const hidden[][2] = {
		{"<script", "</script"}, {"<style", "</style"}, {"<!--", "-->"}};
	for (size_t i = 0; i < array_count(hidden); i++)
		if (starts_nocase(text, hidden[i][0])) {
			size_t end = find_nocase(text, hidden[i][1]);
			return end + str_find(str_from(text, end), '>') + 1;
		}
	return str_find(text, '>') + 1;
}

void html_text(struct str body, struct buf *out)
{
	while (body.len) {
		size_t len = 1;
		char c = body.at[0];
		if (c == '<') {
			len = skip_markup(body);
			c = ' ';
		} else if (c == '&') {
			char decoded = take_entity(body, &len);
			c = decoded ? decoded : c;
			len = decoded ? len : 1;
		}
		add_folded(out, c);
		body = str_from(body, len);
	}
	trim_end(out);
}

void html_title(struct str body, struct buf *out)
{
	struct str title = str_from(body, find_nocase(body, "<title"));
	title = str_from(title, str_find(title, '>') + 1);
	html_text(str_head(title, find_nocase(title, "</title")), out);
}
