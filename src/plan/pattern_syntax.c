/*
 * PCRE2 knows far more than Go, and spells some of what both know differently. Rather than forbid
 * its extensions one by one, this walks the text as Go's parser does and writes down what it
 * understood in the plainest words both share. What it did not understand cannot get through.
 */
#include "plan/pattern_syntax.h"

#include "plan/pattern_class.h"
#include "plan/pattern_scan.h"

#include <string.h>

/* An assertion may be repeated in Go, but in PCRE2 only as a group. */
static bool add_assertion(struct pattern_scan *scan, const char *assertion)
{
	buf_printf(scan->out, "(?:%s)", assertion);
	scan->repeatable = true;
	return true;
}

/* \Q...\E: everything in between is meant as it stands. */
static void add_quoted(struct pattern_scan *scan)
{
	for (scan->at += 2; scan->at < scan->text.len; scan->at++) {
		if (pattern_scan_sees(scan, "\\E")) {
			scan->at += 2;
			return;
		}
		pattern_scan_add(scan, (unsigned char)scan->text.at[scan->at]);
		scan->repeatable = true;
	}
}

static bool translate_escape(struct pattern_scan *scan)
{
	static const char *const assertions[] = {"\\A", "\\b", "\\B", "\\z"};
	unsigned code;
	if (pattern_scan_sees(scan, "\\Q")) {
		add_quoted(scan);
		return true;
	}
	for (size_t i = 0; i < array_count(assertions); i++) {
		if (!pattern_scan_sees(scan, assertions[i]))
			continue;
		scan->at += 2;
		return add_assertion(scan, assertions[i]);
	}
	scan->repeatable = true;
	if (pattern_scan_perl_class(scan))
		return true;
	if (!pattern_scan_escape(scan, &code))
		return false;
	pattern_scan_add(scan, code);
	return true;
}

/* --- repetition ---------------------------------------------------------------------------- */

/* Reads a number at *at, without superfluous zeros; *value stops growing past the limit. */
static bool read_count(struct str text, size_t *at, int *value)
{
	size_t start = *at;
	for (*value = 0; *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; ++*at)
		if (*value <= PATTERN_SYNTAX_REPEAT_MAX)
			*value = *value * 10 + (text.at[*at] - '0');
	return *at > start && (text.at[start] != '0' || *at == start + 1);
}

/* {n}, {n,} or {n,m} at the place of scan: its length, or 0 when the brace is an ordinary one. */
static size_t braces(const struct pattern_scan *scan, int *min, int *max)
{
	struct str text = str_from(scan->text, scan->at);
	size_t at = 1;
	if (!read_count(text, &at, min))
		return 0;
	*max = *min;
	if (at < text.len && text.at[at] == ',') {
		at++;
		*max = -1;
		if (at < text.len && text.at[at] != '}' && !read_count(text, &at, max))
			return 0;
	}
	return at < text.len && text.at[at] == '}' ? at + 1 : 0;
}

/* A repetition operator of len bytes, with the ? that makes it lazy. */
static bool add_repetition(struct pattern_scan *scan, size_t len)
{
	size_t start = scan->at;
	if (scan->repeated)
		return pattern_scan_refuse(scan, start, start + len,
					   "a repetition cannot be repeated (no possessive "
					   "repetition either)");
	if (!scan->repeatable)
		return pattern_scan_refuse(scan, start, start + len, "there is nothing to repeat");
	scan->at += len;
	if (pattern_scan_sees(scan, "?"))
		scan->at++;
	buf_add(scan->out, scan->text.at + start, scan->at - start);
	scan->repeated = true;
	return true;
}

static bool translate_brace(struct pattern_scan *scan)
{
	int min, max;
	size_t len = braces(scan, &min, &max);
	if (!len) {
		pattern_scan_add(scan, '{');
		scan->at++;
		scan->repeatable = true;
		return true;
	}
	if (min > PATTERN_SYNTAX_REPEAT_MAX || max > PATTERN_SYNTAX_REPEAT_MAX ||
	    (max >= 0 && min > max))
		return pattern_scan_refuse(scan, scan->at, scan->at + len,
					   "invalid repeat count: at most 1000, and the smaller "
					   "number first");
	return add_repetition(scan, len);
}

/* --- groups -------------------------------------------------------------------------------- */

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* (?P<name> or (?<name>: nobody asks for the name. */
static bool open_named(struct pattern_scan *scan, size_t prefix)
{
	size_t start = scan->at;
	size_t at = start + prefix;
	while (at < scan->text.len && name_byte(scan->text.at[at]))
		at++;
	if (at == start + prefix || at == scan->text.len || scan->text.at[at] != '>')
		return pattern_scan_refuse(scan, start, at, "invalid name of a group");
	scan->at = at + 1;
	buf_add_string(scan->out, "(?:");
	scan->depth++;
	return true;
}

/* (?flags) or (?flags: with the flags of Go. */
static bool open_flags(struct pattern_scan *scan)
{
	size_t start = scan->at;
	size_t at = start + 2;
	size_t minus = 0;
	for (; at < scan->text.len && scan->text.at[at] && strchr("imsU-", scan->text.at[at]); at++)
		if (scan->text.at[at] == '-' && minus++)
			break;
	char end = at < scan->text.len ? scan->text.at[at] : '\0';
	if ((end != ')' && end != ':') || scan->text.at[at - 1] == '-')
		return pattern_scan_refuse(scan, start, at + 1,
					   "unknown kind of group (flags are i, m, s and U)");
	buf_add(scan->out, scan->text.at + start, at + 1 - start);
	scan->at = at + 1;
	scan->depth += end == ':';
	return true;
}

/* What begins with (? in PCRE2 and not in Go. */
static const struct {
	const char *start, *why;
} foreign[] = {
	{"(?=", "look-ahead is not supported"},
	{"(?!", "look-ahead is not supported"},
	{"(?<=", "look-behind is not supported"},
	{"(?<!", "look-behind is not supported"},
	{"(?>", "atomic groups are not supported"},
	{"(?|", "groups that reset numbers are not supported"},
	{"(?(", "conditions are not supported"},
	{"(?#", "comments are not supported"},
	{"(?C", "callouts are not supported"},
	{"(?P=", "back-references are not supported"},
	{"(?P>", "recursion is not supported"},
	{"(?&", "recursion is not supported"},
	{"(?R", "recursion is not supported"},
	{"(?0", "recursion is not supported"},
	{"(?1", "recursion is not supported"},
	{"(?+", "recursion is not supported"},
	{"(?-1", "recursion is not supported"},
	{"(*", "verbs are not supported"},
};

static bool translate_group(struct pattern_scan *scan)
{
	for (size_t i = 0; i < array_count(foreign); i++)
		if (pattern_scan_sees(scan, foreign[i].start))
			return pattern_scan_refuse(scan, scan->at,
						   scan->at + strlen(foreign[i].start),
						   foreign[i].why);
	scan->repeatable = false;
	if (scan->depth == PATTERN_SYNTAX_DEPTH_MAX)
		return pattern_scan_refuse(scan, scan->at, scan->at + 1, "too many nested groups");
	scan->opened[scan->depth] = scan->at;
	if (pattern_scan_sees(scan, "(?P<"))
		return open_named(scan, 4);
	if (pattern_scan_sees(scan, "(?<"))
		return open_named(scan, 3);
	if (pattern_scan_sees(scan, "(?"))
		return open_flags(scan);
	buf_add_string(scan->out, "(?:");
	scan->at++;
	scan->depth++;
	return true;
}

static bool close_group(struct pattern_scan *scan)
{
	if (!scan->depth)
		return pattern_scan_refuse(scan, scan->at, scan->at + 1, "unexpected )");
	buf_add_char(scan->out, ')');
	scan->at++;
	scan->depth--;
	scan->repeatable = true;
	return true;
}

/* --- the walk ------------------------------------------------------------------------------ */

static bool translate_one(struct pattern_scan *scan)
{
	char c = scan->text.at[scan->at];
	bool repeated = scan->repeated;
	scan->repeated = repeated && strchr("*+?{", c);
	switch (c) {
	case '\\':
		return translate_escape(scan);
	case '[':
		scan->repeatable = true;
		return pattern_class_translate(scan);
	case '(':
		return translate_group(scan);
	case ')':
		return close_group(scan);
	case '*':
	case '+':
	case '?':
		return add_repetition(scan, 1);
	case '{':
		return translate_brace(scan);
	default:
		break;
	}
	scan->at++;
	scan->repeatable = c != '|';
	if (c == '^' || c == '$')
		return add_assertion(scan, c == '^' ? "^" : "$");
	if (c == '|' || c == '.')
		buf_add_char(scan->out, c);
	else
		pattern_scan_add(scan, (unsigned char)c);
	return true;
}

static bool check_bytes(struct pattern_scan *scan)
{
	struct str text = scan->text;
	if (text.len > PATTERN_SYNTAX_MAX)
		return error_set(scan->err, ERROR_CONFIG, "longer than %d characters",
				 PATTERN_SYNTAX_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return pattern_scan_refuse(scan, i, i,
						   "only printable ASCII is allowed, as in tags");
	return true;
}

bool pattern_syntax_translate(struct str text, struct buf *out, struct error *err)
{
	struct pattern_scan scan = {.text = text, .out = out, .err = err};
	if (!check_bytes(&scan))
		return false;
	while (scan.at < text.len)
		if (!translate_one(&scan))
			return false;
	if (scan.depth) {
		size_t open = scan.opened[scan.depth - 1];
		return pattern_scan_refuse(&scan, open, open + 1, "missing closing )");
	}
	return buf_ok(out) || error_memory(err);
}
