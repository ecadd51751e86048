/*
 * Few texts stay plain: those that begin with a letter or digit, contain a slash, and have only
 * characters of image names. A text with a slash is never a number, a date or a keyword, and its
 * colons are not followed by a space. In quotes everything beyond ASCII is escaped: image names
 * have no such characters, and so Unicode's line ends, byte order mark and non-characters, which
 * YAML folds, drops or refuses, need no list. "##[" is escaped as well, since it is a command to
 * the runner of a GitHub Action, anywhere in a line.
 */
#include "doc/yaml_quote.h"

#include "base/utf8.h"

#include <string.h>

static bool letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool plain(struct str text)
{
	if (!text.len || !letter_or_digit(text.at[0]) || text.at[text.len - 1] == ':')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!letter_or_digit(text.at[i]) && !strchr("._-/:@", text.at[i]))
			return false;
	return str_find(text, '/') < text.len;
}

/* The code point of a valid character. */
static unsigned code_of(struct str character)
{
	unsigned code = (unsigned char)character.at[0];
	if (character.len > 1)
		code &= 0x7fU >> character.len;
	for (size_t i = 1; i < character.len; i++)
		code = code << 6 | ((unsigned char)character.at[i] & 0x3fU);
	return code;
}

static void add_character(struct buf *out, unsigned code)
{
	if (code == '"' || code == '\\')
		buf_printf(out, "\\%c", (char)code);
	else if (code >= ' ' && code < 0x7f)
		buf_add_char(out, (char)code);
	else if (code < 0x10000)
		buf_printf(out, "\\u%04X", code);
	else
		buf_printf(out, "\\U%08X", code);
}

void yaml_quote(struct str text, struct buf *out)
{
	if (plain(text)) {
		buf_add_str(out, text);
		return;
	}
	buf_add_char(out, '"');
	while (text.len) {
		size_t len = utf8_length(text);
		if (str_starts(text, "##["))
			buf_add_string(out, "\\u0023");
		else if (len)
			add_character(out, code_of(str_head(text, len)));
		else
			buf_add_string(out, "\\uFFFD");
		text = str_from(text, len ? len : 1);
	}
	buf_add_char(out, '"');
}
