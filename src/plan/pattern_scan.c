/*
 * Escapes follow Go's parser: octal, hexadecimal and the letters of C are characters, punctuation
 * stands for itself, and any other letter or digit is a mistake, whatever PCRE2 makes of it.
 */
#include "plan/pattern_scan.h"

#include <string.h>

enum { ASCII_MAX = 0x7f };

bool pattern_scan_sees(const struct pattern_scan *scan, const char *text)
{
	return str_starts(str_from(scan->text, scan->at), text);
}

bool pattern_scan_refuse(struct pattern_scan *scan, size_t start, size_t end, const char *why)
{
	struct str part = str_head(str_from(scan->text, start), end - start);
	if (!part.len)
		return error_set(scan->err, ERROR_CONFIG, "%s (at character %zu)", why, start + 1);
	return error_set(scan->err, ERROR_CONFIG, "%s: `%.*s` at character %zu", why,
			 STR_ARGS(str_head(part, 80)), start + 1);
}

static bool letter_or_digit(unsigned code)
{
	return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
	       (code >= 'a' && code <= 'z');
}

void pattern_scan_add(struct pattern_scan *scan, unsigned code)
{
	if (letter_or_digit(code))
		buf_add_char(scan->out, (char)code);
	else
		buf_printf(scan->out, "\\x{%02x}", code);
}

/* The byte at offset behind the place of scan; NUL past the end. */
static char peek(const struct pattern_scan *scan, size_t offset)
{
	struct str rest = str_from(scan->text, scan->at + offset);
	return rest.len ? rest.at[0] : '\0';
}

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	const char *at = c ? strchr(digits, lower) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* \12, \012: up to three octal digits. */
static bool escape_octal(struct pattern_scan *scan, unsigned *code)
{
	size_t len = 1;
	*code = 0;
	for (; len < 4 && peek(scan, len) >= '0' && peek(scan, len) <= '7'; len++)
		*code = *code * 8 + (unsigned)(peek(scan, len) - '0');
	if (*code > ASCII_MAX)
		return pattern_scan_refuse(scan, scan->at, scan->at + len,
					   "only ASCII is allowed, as in tags");
	scan->at += len;
	return true;
}

/* \x7f or \x{7f}. */
static bool escape_hex(struct pattern_scan *scan, unsigned *code)
{
	bool braces = peek(scan, 2) == '{';
	size_t start = braces ? 3 : 2;
	size_t len = start;
	*code = 0;
	while (hex_value(peek(scan, len)) >= 0 && (braces || len < start + 2)) {
		if (*code <= ASCII_MAX)
			*code = *code * 16 + (unsigned)hex_value(peek(scan, len));
		len++;
	}
	bool good = braces ? len > start && peek(scan, len) == '}' : len == start + 2;
	len += braces && good;
	if (!good)
		return pattern_scan_refuse(scan, scan->at, scan->at + len,
					   "write two hexadecimal digits behind \\x");
	if (*code > ASCII_MAX)
		return pattern_scan_refuse(scan, scan->at, scan->at + len,
					   "only ASCII is allowed, as in tags");
	scan->at += len;
	return true;
}

static bool unknown_escape(struct pattern_scan *scan, char c)
{
	const char *why = "unknown escape sequence";
	if (!c)
		return pattern_scan_refuse(scan, scan->at, scan->at + 1,
					   "trailing backslash at the end");
	if (strchr("123456789gk", c))
		why = "back-references are not supported";
	if (strchr("pP", c))
		why = "Unicode classes are not supported: tags are ASCII, write [a-z] or \\d";
	if (strchr("CKGRXNH", c))
		why = "not supported";
	return pattern_scan_refuse(scan, scan->at, scan->at + 2, why);
}

bool pattern_scan_escape(struct pattern_scan *scan, unsigned *code)
{
	static const char letters[] = "afnrtv";
	static const char meanings[] = "\a\f\n\r\t\v";
	char c = peek(scan, 1);
	char next = peek(scan, 2);
	const char *letter = c ? strchr(letters, c) : NULL;
	if (c == '0' || (c >= '1' && c <= '7' && next >= '0' && next <= '7'))
		return escape_octal(scan, code);
	if (c == 'x')
		return escape_hex(scan, code);
	if (!letter && (!c || letter_or_digit((unsigned char)c)))
		return unknown_escape(scan, c);
	*code = (unsigned char)(letter ? meanings[letter - letters] : c);
	scan->at += 2;
	return true;
}

bool pattern_scan_perl_class(struct pattern_scan *scan)
{
	char c = peek(scan, 1);
	if (peek(scan, 0) != '\\' || !c || !strchr("dDsSwW", c))
		return false;
	buf_printf(scan->out, "\\%c", c);
	scan->at += 2;
	return true;
}
