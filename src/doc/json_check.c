/*
 * A recursive descent over the bytes that decodes nothing: cJSON does that, and this file decides
 * what reaches cJSON. Recursion is bounded by JSON_DEPTH_MAX, and the number of values by the
 * caller, so a hostile manifest cannot cost more than some tens of megabytes.
 *
 * The column is computed from line_start and wide: the bytes since the line began, less
 * continuation bytes.
 */
#include "doc/json_check.h"

#include "base/utf8.h"
#include "doc/json.h"

#include <string.h>

enum { TEXT_MAX = NODE_BYTES_MAX };

struct json_checker {
	struct str text;
	size_t at;
	size_t line_start; /* offset of the current line */
	size_t wide;       /* continuation bytes of UTF-8 in the current line so far */
	uint32_t line;
	int depth;
	size_t values_max;
	struct buf *marks;
	struct error *err;
};

static bool check_value(struct json_checker *check);

static uint32_t column(const struct json_checker *check)
{
	return (uint32_t)(check->at - check->line_start - check->wide + 1);
}

static bool fail(struct json_checker *check, const char *what)
{
	return error_set(check->err, ERROR_CONFIG, "%u:%u: %s", check->line, column(check), what);
}

/* The next byte, or -1 at the end. */
static int peek(const struct json_checker *check)
{
	return check->at < check->text.len ? (unsigned char)check->text.at[check->at] : -1;
}

/* Steps over c if it comes next. */
static bool take(struct json_checker *check, char c)
{
	if (peek(check) != c)
		return false;
	check->at++;
	return true;
}

static void skip_space(struct json_checker *check)
{
	for (;; check->at++) {
		int c = peek(check);
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return;
		if (c == '\n') {
			check->line++;
			check->line_start = check->at + 1;
			check->wide = 0;
		}
	}
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes four hexadecimal digits; -1 when they are missing. */
static int take_hex4(struct json_checker *check)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(peek(check));
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
		check->at++;
	}
	return value;
}

/*
 * Checks what follows "\u": a character of the basic plane except NUL, or a whole surrogate pair.
 */
static bool check_unicode_escape(struct json_checker *check)
{
	int first = take_hex4(check);
	if (first < 0)
		return fail(check, "\\u needs four hexadecimal digits");
	if (first == 0)
		return fail(check, "\\u0000 is not allowed in a string");
	if (first < 0xd800 || first > 0xdfff)
		return true;
	bool pair = first < 0xdc00 && take(check, '\\') && take(check, 'u');
	int second = pair ? take_hex4(check) : -1;
	if (second < 0xdc00 || second > 0xdfff)
		return fail(check, "half of a surrogate pair");
	return true;
}

static bool check_escape(struct json_checker *check)
{
	int c = peek(check);
	if (c < 0 || !c || !strchr("\"\\/bfnrtu", c))
		return fail(check, "unknown escape in a string");
	check->at++;
	return c != 'u' || check_unicode_escape(check);
}

/* One plain character of a string. */
static bool check_character(struct json_checker *check)
{
	int c = peek(check);
	if (c < 0)
		return fail(check, "the string has no closing quote");
	if (c == '\n' || c == '\r')
		return fail(check,
			    "a string must end on its line: a quote is missing, or write \\n");
	if (c < 0x20)
		return fail(check, "control character in a string: write it as an escape");
	size_t len = utf8_length(str_from(check->text, check->at));
	if (!len)
		return fail(check, "not valid UTF-8: save the file as UTF-8");
	check->at += len;
	check->wide += len - 1;
	return true;
}

static bool check_string(struct json_checker *check)
{
	check->at++;
	while (!take(check, '"'))
		if (!(take(check, '\\') ? check_escape(check) : check_character(check)))
			return false;
	return true;
}

static bool take_digits(struct json_checker *check)
{
	size_t start = check->at;
	while (is_digit(peek(check)))
		check->at++;
	return check->at > start;
}

static bool check_number(struct json_checker *check)
{
	size_t start = check->at;
	take(check, '-');
	bool zero = take(check, '0');
	if (zero && is_digit(peek(check)))
		return fail(check, "a number must not begin with 0");
	if (!zero && !take_digits(check))
		return fail(check, "a number needs digits");
	if (take(check, '.') && !take_digits(check))
		return fail(check, "a number needs digits after its point");
	if (take(check, 'e') || take(check, 'E')) {
		if (!take(check, '+'))
			take(check, '-');
		if (!take_digits(check))
			return fail(check, "a number needs digits in its exponent");
	}
	if (check->at - start > JSON_NUMBER_MAX)
		return fail(check, "the number is too long");
	return true;
}

static bool check_word(struct json_checker *check)
{
	static const char *const words[] = {"true", "false", "null"};
	struct str rest = str_from(check->text, check->at);
	for (size_t i = 0; i < array_count(words); i++) {
		if (!str_starts(rest, words[i]))
			continue;
		check->at += strlen(words[i]);
		return true;
	}
	if (check->at >= check->text.len)
		return fail(check, "the document ends where a value is expected");
	return fail(check,
		    "expected a value: a string in double quotes, a number, true, false, null, "
		    "[ or {");
}

/* Adds a mark for the value that begins here; *index is its number. */
static bool begin_mark(struct json_checker *check, size_t *index)
{
	struct json_mark mark = {
		.at = (uint32_t)check->at, .line = check->line, .column = column(check)};
	*index = check->marks->len / sizeof(mark);
	if (*index >= check->values_max)
		return fail(check, "the document has too many values");
	buf_add(check->marks, &mark, sizeof(mark));
	return buf_ok(check->marks) || error_memory(check->err);
}

static void end_mark(struct json_checker *check, size_t index, uint32_t count)
{
	struct json_mark *mark = (struct json_mark *)(void *)check->marks->at + index;
	mark->len = (uint32_t)check->at - mark->at;
	mark->count = count;
}

static bool check_name(struct json_checker *check)
{
	size_t mark;
	if (peek(check) != '"')
		return fail(check, "expected a name in double quotes, or }");
	if (!begin_mark(check, &mark) || !check_string(check))
		return false;
	end_mark(check, mark, 0);
	skip_space(check);
	if (!take(check, ':'))
		return fail(check, "expected : after the name");
	skip_space(check);
	return true;
}

/* Checks what follows an element: a comma, which sets *more, or the closing bracket. */
static bool check_separator(struct json_checker *check, char close, bool *more)
{
	skip_space(check);
	*more = take(check, ',');
	if (!*more)
		return take(check, close) ||
		       fail(check, close == '}' ? "expected , or }" : "expected , or ]");
	skip_space(check);
	return peek(check) != close ||
	       fail(check, "trailing comma: remove the comma after the last element");
}

static bool check_container(struct json_checker *check, char close, uint32_t *count)
{
	if (++check->depth > JSON_DEPTH_MAX)
		return fail(check, "the document is nested too deeply");
	check->at++;
	skip_space(check);
	bool more = !take(check, close);
	for (*count = 0; more; ++*count) {
		if ((close == '}' && !check_name(check)) || !check_value(check) ||
		    !check_separator(check, close, &more))
			return false;
	}
	check->depth--;
	return true;
}

static bool check_content(struct json_checker *check, uint32_t *count)
{
	int c = peek(check);
	if (c == '{')
		return check_container(check, '}', count);
	if (c == '[')
		return check_container(check, ']', count);
	if (c == '"')
		return check_string(check);
	return c == '-' || is_digit(c) ? check_number(check) : check_word(check);
}

static bool check_value(struct json_checker *check)
{
	size_t mark;
	uint32_t count = 0;
	if (!begin_mark(check, &mark))
		return false;
	if (!check_content(check, &count))
		return false;
	end_mark(check, mark, count);
	return true;
}

bool json_check(struct str text, size_t values_max, struct buf *marks, struct error *err)
{
	struct json_checker check = {
		.text = text, .line = 1, .values_max = values_max, .marks = marks, .err = err};
	if (text.len > TEXT_MAX)
		return error_set(err, ERROR_CONFIG, "1:1: the document is too large");
	if (str_starts(text, BYTE_ORDER_MARK))
		return fail(&check, "the document starts with a byte order mark: save it without");
	skip_space(&check);
	if (check.at == text.len)
		return fail(&check, "the document is empty");
	if (!check_value(&check))
		return false;
	skip_space(&check);
	return check.at == text.len || fail(&check, "unexpected text after the document");
}
