/* A mismatch of brackets moves the cuts, so one of the pieces is no JSON. */
#include "layout/layout_cut.h"

#include "base/utf8.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_blanks(struct str text, size_t at)
{
	while (at < text.len && is_blank(text.at[at]))
		at++;
	return at;
}

/* The offset behind the string that begins at at; the end of the text, if it does not end. */
static size_t skip_string(struct str text, size_t at)
{
	for (at++; at < text.len; at++) {
		if (text.at[at] == '\\')
			at++;
		else if (text.at[at] == '"')
			return at + 1;
	}
	return text.len;
}

/* The offset behind the value that begins at at: of the first comma or bracket outside of it. */
static size_t skip_value(struct str text, size_t at)
{
	size_t depth = 0;
	while (at < text.len) {
		char byte = text.at[at];
		bool closes = byte == '}' || byte == ']';
		if (!depth && (closes || byte == ','))
			break;
		depth += byte == '{' || byte == '[';
		depth -= closes;
		at = byte == '"' ? skip_string(text, at) : at + 1;
	}
	return at;
}

static struct str trim(struct str text)
{
	text = str_from(text, skip_blanks(text, 0));
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Takes the brackets off a list; false: it is none. */
static bool open_list(struct str value, struct str *out)
{
	*out = (struct str){value.at, 0};
	if (str_is(value, "null"))
		return true;
	if (value.len < 2 || value.at[0] != '[' || value.at[value.len - 1] != ']')
		return false;
	*out = trim((struct str){value.at + 1, value.len - 2});
	return true;
}

bool layout_cut(struct str text, struct layout_cut *out)
{
	size_t mark = str_starts(text, BYTE_ORDER_MARK) ? sizeof(BYTE_ORDER_MARK) - 1 : 0;
	size_t at = skip_blanks(text, mark);
	if (at == text.len || text.at[at] != '{')
		return false;
	do {
		size_t name = skip_blanks(text, at + 1);
		size_t colon = name < text.len && text.at[name] == '"' ? skip_string(text, name)
								       : text.len;
		struct str key = str_from(str_head(text, colon), name);
		colon = skip_blanks(text, colon);
		if (colon == text.len || text.at[colon] != ':')
			return false;
		size_t begin = skip_blanks(text, colon + 1);
		at = skip_value(text, begin);
		struct str value = trim(str_from(str_head(text, at), begin));
		if (str_is(key, "\"manifests\"")) {
			out->before = str_head(text, begin);
			out->after = str_from(text, begin + value.len);
			return open_list(value, &out->list);
		}
	} while (at < text.len && text.at[at] == ',');
	return false;
}

/* The end of the first entry of a list. A bracket that closes nothing is part of it. */
static size_t end_of(struct str list)
{
	size_t end = skip_value(list, 0);
	while (end < list.len && list.at[end] != ',')
		end = end + 1 + skip_value(str_from(list, end + 1), 0);
	return end;
}

size_t layout_cut_count(struct str list)
{
	size_t count = list.len ? 1 : 0, end;
	while ((end = end_of(list)) < list.len) {
		list = str_from(list, end + 1);
		count++;
	}
	return count;
}

struct str layout_cut_entry(struct str *list)
{
	size_t end = end_of(*list);
	struct str entry = trim(str_head(*list, end));
	*list = end < list->len ? str_from(*list, end + 1) : (struct str){0};
	return entry;
}
