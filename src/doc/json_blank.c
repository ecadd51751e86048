/*
 * One pass over a copy. Strings are scanned as by every JSON reader, with a backslash and the next
 * byte as one unit, so blanking never changes where a string ends. An escape whose length readers
 * could disagree about, \u without four digits, is left alone.
 */
#include "doc/json_blank.h"

#include "base/utf8.h"
#include "doc/json.h"

#include <string.h>

enum { STAND_IN = 0x7f, ESCAPE_LEN = 6 };

struct blank {
	char *at; /* the copy */
	size_t len;
};

/* The text from offset on. */
static struct str rest_of(const struct blank *blank, size_t offset)
{
	return str_from((struct str){blank->at, blank->len}, offset);
}

/* Makes a value of at least two bytes a string of the same length. */
static void blank_value(struct blank *blank, size_t from, size_t to)
{
	memset(blank->at + from, STAND_IN, to - from);
	blank->at[from] = blank->at[to - 1] = '"';
}

/* The number after the "\u" at the start of text; false when there is none. */
static bool read_escape(struct str text, unsigned *code)
{
	*code = 0;
	if (text.len < ESCAPE_LEN || !str_starts(text, "\\u"))
		return false;
	for (size_t i = 2; i < ESCAPE_LEN; i++) {
		const char *digits = "0123456789abcdef";
		char c = text.at[i];
		const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);
		if (!c || !found)
			return false;
		*code = *code << 4 | (unsigned)(found - digits);
	}
	return true;
}

/* Steps over the "\u" escape at offset; returns the offset after it. */
static size_t blank_unicode(struct blank *blank, size_t offset)
{
	unsigned first, second;
	if (!read_escape(rest_of(blank, offset), &first))
		return offset + 2;
	bool high = first >= 0xd800 && first < 0xdc00;
	bool low = first >= 0xdc00 && first < 0xe000;
	if (high && read_escape(rest_of(blank, offset + ESCAPE_LEN), &second) && second >= 0xdc00 &&
	    second < 0xe000)
		return offset + 2 * ESCAPE_LEN;
	if (high || low || !first)
		memcpy(blank->at + offset, "\\u007f", ESCAPE_LEN);
	return offset + ESCAPE_LEN;
}

/* Steps over one character of a string, which is not its closing quote. */
static size_t blank_character(struct blank *blank, size_t offset)
{
	struct str rest = rest_of(blank, offset);
	if (rest.at[0] == '\\' && rest.len > 1) {
		if (rest.at[1] == 'u')
			return blank_unicode(blank, offset);
		if (rest.at[1] && strchr("\"\\/bfnrt", rest.at[1]))
			return offset + 2;
		blank->at[offset] = STAND_IN;
		return offset + 1;
	}
	size_t len = utf8_length(rest);
	if (len && (unsigned char)rest.at[0] >= 0x20)
		return offset + len;
	blank->at[offset] = STAND_IN;
	return offset + 1;
}

/* Steps over the string at offset; returns the offset after it. */
static size_t blank_string(struct blank *blank, size_t offset)
{
	for (offset++; offset < blank->len && blank->at[offset] != '"';)
		offset = blank_character(blank, offset);
	return offset + 1;
}

static size_t blank_number(struct blank *blank, size_t offset)
{
	size_t start = offset;
	while (offset < blank->len && blank->at[offset] &&
	       strchr("+-.0123456789Ee", blank->at[offset]))
		offset++;
	if (offset - start > JSON_NUMBER_MAX)
		blank_value(blank, start, offset);
	return offset;
}

/* Blanks the list or object at offset, which is nested too deeply; returns the offset after it. */
static size_t blank_container(struct blank *blank, size_t offset)
{
	size_t start = offset, depth = 0;
	do {
		char c = blank->at[offset];
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		offset = c == '"' ? blank_string(blank, offset) : offset + 1;
	} while (depth && offset < blank->len);
	if (!depth)
		blank_value(blank, start, offset);
	return offset;
}

static void blank_document(struct blank *blank)
{
	size_t offset = 0, depth = 0;
	if (str_starts(rest_of(blank, 0), BYTE_ORDER_MARK))
		memset(blank->at, ' ', 3);
	while (offset < blank->len) {
		char c = blank->at[offset];
		bool opens = c == '{' || c == '[';
		if (opens && depth == JSON_DEPTH_MAX) {
			offset = blank_container(blank, offset);
			continue;
		}
		depth += opens;
		depth -= (c == '}' || c == ']') && depth;
		if (c == '"')
			offset = blank_string(blank, offset);
		else if (c == '-' || (c >= '0' && c <= '9'))
			offset = blank_number(blank, offset);
		else
			offset++;
	}
}

void json_blank(struct str text, struct buf *out)
{
	size_t start = out->len;
	buf_add_str(out, text);
	if (!buf_ok(out) || !text.len)
		return;
	struct blank blank = {out->at + start, text.len};
	blank_document(&blank);
}
